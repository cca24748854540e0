internal import OpsinGraph

/// How the elements of a value are spread, over all photos so far.
struct ValueHistogram: Sendable {
    /// Bins over -reach...reach, of equal width; the reach is a power of two and doubles when an element passes it.
    private static let binCount = 4096

    private(set) var least: Float = 0
    private(set) var most: Float = 0
    private var reach: Float = 0
    private var bins: [Int] = []

    /// Counts `values`. What is not finite is left out.
    mutating func add(_ values: [Float]) {
        var (low, high) = (least, most)
        for value in values where value.isFinite {
            low = min(low, value)
            high = max(high, value)
        }
        (least, most) = (low, high)
        grow(to: max(-low, high))
        let scale = Float(Self.binCount / 2) / reach
        for value in values where value.isFinite {
            bins[max(0, min(Self.binCount - 1, Int((value + reach) * scale)))] += 1
        }
    }

    private mutating func grow(to magnitude: Float) {
        if bins.isEmpty {
            bins = [Int](repeating: 0, count: Self.binCount)
            reach = 1e-6
            while reach < magnitude, reach < 1e30 { reach *= 2 }
            return
        }
        while reach < magnitude, reach < 1e30 {
            // Two bins become one, around the middle.
            var merged = [Int](repeating: 0, count: Self.binCount)
            for (index, count) in bins.enumerated() { merged[Self.binCount / 4 + index / 2] += count }
            bins = merged
            reach *= 2
        }
    }

    /// The ends of the range for which rounding to 256 steps and cutting off together cost the least squares.
    func leastSquaresRange() -> (low: Float, high: Float) {
        var best = (low: least, high: most), leastCost = Double.infinity
        let filled = bins.indices.filter { bins[$0] > 0 }
        let width = 2 * Double(reach) / Double(Self.binCount)
        for step in 0..<64 {
            let share = 1 - Float(step) / 80, low = least * share, high = most * share
            let size = Double(high - low) / 255, rounding = size * size / 12
            var cost = 0.0
            for index in filled {
                let centre = (Double(index) + 0.5) * width - Double(reach)
                let beyond = centre > Double(high) ? centre - Double(high) : centre < Double(low) ? Double(low) - centre : 0
                cost += Double(bins[index]) * (beyond > 0 ? beyond * beyond : rounding)
            }
            if cost < leastCost { (best, leastCost) = ((low, high), cost) }
        }
        return best
    }

    /// The ends between which all but `share` of the elements lie, half of it at each end that is not zero.
    func percentileRange(cutting share: Double) -> (low: Float, high: Float) {
        let total = bins.reduce(0, +), width = 2 * reach / Float(Self.binCount)
        let ends = (least < 0 ? 1 : 0) + (most > 0 ? 1 : 0), allowed = Int(Double(total) * share / Double(max(ends, 1)))
        var (low, high) = (least, most), seen = 0
        if least < 0 {
            for (index, count) in bins.enumerated() {
                seen += count
                if seen > allowed {
                    low = max(least, Float(index) * width - reach)
                    break
                }
            }
        }
        seen = 0
        if most > 0 {
            for (index, count) in bins.enumerated().reversed() {
                seen += count
                if seen > allowed {
                    high = min(most, Float(index + 1) * width - reach)
                    break
                }
            }
        }
        return (min(low, 0), max(high, 0))
    }
}

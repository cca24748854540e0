/// Order statistics of floats without sorting or copying them.
package enum Percentile {
    /// The value below which `percent` (0 to 100) of the finite values lie, between two neighbours linearly, as `numpy.percentile` does in float64.
    /// Nil when no value is finite.
    package static func linear(_ values: [Float], percent: Double) -> Float? {
        let count = values.reduce(0) { $0 + ($1.isFinite ? 1 : 0) }
        guard count > 0 else { return nil }
        let position = Double(count - 1) * min(max(percent, 0), 100) / 100, below = Int(position.rounded(.down)), share = position - Double(below)
        let low = element(below, of: values)
        guard share > 0 else { return low }
        let high = element(below + 1, of: values), difference = Double(high) - Double(low)
        // numpy counts from the nearer neighbour.
        return Float(share < 0.5 ? Double(low) + difference * share : Double(high) - difference * (1 - share))
    }

    /// The finite value that has `place` finite ones before it in ascending order; `place` is below their number.
    private static func element(_ place: Int, of values: [Float]) -> Float {
        // Two rounds of counting: by the upper half of a key that orders as floats do, then by the lower half among those that share the upper one.
        var counts = [Int](repeating: 0, count: 1 << 16)
        for value in values where value.isFinite { counts[Int(key(value) >> 16)] += 1 }
        let (upper, rest) = bucket(place, counts)
        for index in counts.indices { counts[index] = 0 }
        for value in values where value.isFinite && key(value) >> 16 == UInt32(upper) { counts[Int(key(value) & 0xFFFF)] += 1 }
        let found = UInt32(upper) << 16 | UInt32(bucket(rest, counts).index)
        return Float(bitPattern: found & 0x8000_0000 != 0 ? found ^ 0x8000_0000 : ~found)
    }

    /// The bucket that holds element `place`, and the element's place inside of it.
    private static func bucket(_ place: Int, _ counts: [Int]) -> (index: Int, rest: Int) {
        var rest = place
        for (index, count) in counts.enumerated() {
            if rest < count { return (index, rest) }
            rest -= count
        }
        return (0, 0)
    }

    /// Bits that order as the floats do.
    private static func key(_ value: Float) -> UInt32 {
        let bits = value.bitPattern
        return bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
    }
}

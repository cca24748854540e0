/// Which row of one run is which row of another, where a network picked its rows by score and rounding changed a few places: object queries.
public struct RowMatching: Hashable, Sendable {
    /// Row of the expected run, row of the found one.
    public struct Pair: Hashable, Sendable {
        /// Its number in the run that is expected.
        public let expected: Int
        /// Its number in the run that was found.
        public let found: Int
    }

    /// In the expected order.
    public let pairs: [Pair]
    /// How many rows each run has.
    public let count: Int

    /// Rows that stand elsewhere.
    public var moved: Int { pairs.count { $0.expected != $0.found } }
    /// Nine of ten rows are the same ones.
    public var isEnough: Bool { pairs.count * 10 >= count * 9 }

    /// Matches by the nearest row, one for one, nearest pairs first; rows farther apart than a tenth of the largest number are different ones. Nil unless both
    /// tensors have `count` rows of equal length, and finite numbers.
    init?(_ expected: Tensor, _ found: Tensor, rows count: Int) {
        guard count > 0, let width = RowMatching.width(expected, count), RowMatching.width(found, count) == width, found.values.allSatisfy(\.isFinite) else {
            return nil
        }
        let largest = expected.values.reduce(0) { max($0, abs($1)) }
        var distances: [(distance: Float, expected: Int, found: Int)] = []
        for row in 0..<count {
            for other in 0..<count {
                var distance: Float = 0
                for index in 0..<width { distance = max(distance, abs(expected.values[row * width + index] - found.values[other * width + index])) }
                if distance <= 0.1 * largest { distances.append((distance, row, other)) }
            }
        }
        // Rows that are alike keep their places where they can.
        distances.sort { ($0.distance, abs($0.expected - $0.found), $0.expected) < ($1.distance, abs($1.expected - $1.found), $1.expected) }
        var (partner, taken) = ([Int?](repeating: nil, count: count), [Bool](repeating: false, count: count))
        for pair in distances where partner[pair.expected] == nil && !taken[pair.found] { (partner[pair.expected], taken[pair.found]) = (pair.found, true) }
        pairs = partner.enumerated().compactMap { row, other in other.map { Pair(expected: row, found: $0) } }
        self.count = count
    }

    /// The rows that both runs have, of another pair of tensors, in one order; nil where they do not have that many rows.
    func apply(_ expected: Tensor, _ found: Tensor) -> (expected: Tensor, found: Tensor)? {
        guard let width = RowMatching.width(expected, count), RowMatching.width(found, count) == width else { return nil }
        func rows(_ tensor: Tensor, _ numbers: [Int]) -> Tensor {
            Tensor(name: tensor.name, trusted: [numbers.count, width], values: numbers.flatMap { tensor.values[$0 * width..<($0 + 1) * width] })
        }
        return (rows(expected, pairs.map(\.expected)), rows(found, pairs.map(\.found)))
    }

    /// Numbers of a row of `[1, count, ...]`.
    private static func width(_ tensor: Tensor, _ count: Int) -> Int? {
        guard tensor.dimensions.count >= 2, tensor.dimensions[0] == 1, tensor.dimensions[1] == count else { return nil }
        return tensor.values.count / count
    }
}

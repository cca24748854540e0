internal import OpsinModels

/// Two runs of a model held against each other, tensor by tensor.
public struct Verification: Hashable, Sendable {
    /// How far one tensor is from what was expected.
    public struct Row: Hashable, Sendable {
        /// The tensor's, as the reference calls it.
        public let name: String
        /// Largest absolute difference; infinite when a value is not finite or the shapes differ.
        public let largest: Double
        /// Mean distance.
        public let mean: Double
        /// The largest difference over the largest expected magnitude.
        public let relative: Double
        /// Whether it is within the tolerance.
        public let isWithin: Bool
    }

    /// One for each tensor, in the order of the run.
    public let rows: [Row]
    /// Largest relative difference that passes.
    public let tolerance: Double
    /// What came of rows that the network chose by score; nil where it chooses none.
    public let choice: RowMatching?

    /// The first tensor, in the order of the network, that is too far off.
    public var firstDivergence: Row? { rows.first { !$0.isWithin } }
    /// Whether every tensor is within the tolerance, and there was one.
    public var holds: Bool { !rows.isEmpty && firstDivergence == nil && choice?.isEnough != false }

    /// Compares the tensors of `expected` with those of the same names in `found`; one that is missing there counts as infinitely far off.
    ///
    /// Of `chosen`, tensors of `chosen.count` rows that a network picked by score (`Model.chosenRows`), each row is compared with the one that the first of them
    /// says is the same; rows at the margin that only one of the two runs picked are left out, a tenth of them at most. They pass within `chosenTolerance`: what
    /// is refined step by step multiplies differences.
    public init(
        expected: [Tensor], found: [Tensor], tolerance: Double, chosen: (names: [String], count: Int) = ([], 0), chosenTolerance: Double? = nil
    ) {
        self.tolerance = tolerance
        let key = chosen.names.lazy.compactMap { name in
            expected.first { $0.name == name }.flatMap { want in found.first { $0.name == name }.flatMap { RowMatching(want, $0, rows: chosen.count) } }
        }.first
        choice = key
        rows = expected.map { tensor in
            let other = found.first { $0.name == tensor.name }
            guard let key, chosen.names.contains(tensor.name), let other, let pair = key.apply(tensor, other) else {
                return Row(expected: tensor, found: other, tolerance: tolerance)
            }
            return Row(expected: pair.expected, found: pair.found, tolerance: chosenTolerance ?? tolerance)
        }
    }
}

extension Verification.Row {
    init(expected: Tensor, found: Tensor?, tolerance: Double) {
        var largest = 0.0, sum = 0.0, magnitude = 0.0
        if let found, found.values.count == expected.values.count {
            for (want, got) in zip(expected.values, found.values) {
                let difference = abs(Double(want) - Double(got))
                largest = difference.isNaN ? .infinity : max(largest, difference)
                sum += difference
                magnitude = max(magnitude, abs(Double(want)))
            }
        } else {
            (largest, sum) = (.infinity, .infinity)
        }
        let relative = largest / max(magnitude, 1e-12)
        self.init(
            name: expected.name, largest: largest, mean: sum / Double(max(expected.values.count, 1)), relative: relative, isWithin: relative <= tolerance)
    }
}

extension Verification {
    /// The form of `opsin verify --json`.
    public var jsonText: String {
        var members: [JSON.Member] = [
            .init("schema_version", 1), .init("tolerance", .number(tolerance)),
            .init(
                "tensors",
                .array(
                    rows.map {
                        [
                            "name": .string($0.name), "max": .number($0.largest), "mean": .number($0.mean), "relative": .number($0.relative),
                            "within": .bool($0.isWithin),
                        ]
                    })),
            .init("first_divergence", firstDivergence.map { .string($0.name) } ?? .null), .init("verdict", .string(holds ? "equal" : "diverges")),
        ]
        if let choice {
            members.append(
                .init("rows", ["matched": .integer(choice.pairs.count), "of": .integer(choice.count), "moved": .integer(choice.moved)]))
        }
        return JSON.object(members).text
    }
}

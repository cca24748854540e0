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

    /// The first tensor, in the order of the network, that is too far off.
    public var firstDivergence: Row? { rows.first { !$0.isWithin } }
    /// Whether every tensor is within the tolerance, and there was one.
    public var holds: Bool { !rows.isEmpty && firstDivergence == nil }

    /// Compares the tensors of `expected` with those of the same names in `found`; one that is missing there counts as infinitely far off.
    public init(expected: [Tensor], found: [Tensor], tolerance: Double) {
        self.tolerance = tolerance
        rows = expected.map { tensor in
            Row(expected: tensor, found: found.first { $0.name == tensor.name }, tolerance: tolerance)
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
        let members: [JSON.Member] = [
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
        return JSON.object(members).text
    }
}

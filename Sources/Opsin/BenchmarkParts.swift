internal import OpsinModels

extension Benchmark {
    /// What a first run costs, part by part, in milliseconds; what a device does not have is nil.
    public struct ColdCosts: Hashable, Sendable {
        /// Loader, drivers and their list of devices.
        public internal(set) var instance: Double?
        /// The logical device and its queue, self-tests left out.
        public internal(set) var device: Double?
        /// Compiling every pipeline with no cache of ours. A driver may keep one of its own.
        public internal(set) var pipelinesWithoutCache: Double?
        /// The same from the cache on disk; nil where it is switched off.
        public internal(set) var pipelinesWithCache: Double?
        /// Packing the weights and bringing them to the device.
        public internal(set) var weights: Double?
        /// Planning on the CPU: kernels, arena and packed weights.
        public internal(set) var packing: Double?
        /// The first run of a finished plan.
        public internal(set) var run: Double?
    }

    /// Where the time of a warm run goes: medians in milliseconds. Their sum is near the latency.
    public struct Split: Hashable, Sendable {
        /// Inputs to the device.
        public internal(set) var upload = 0.0
        /// The kernels: by the GPU's timestamps, or the CPU's own clock.
        public internal(set) var compute = 0.0
        /// Outputs from the device.
        public internal(set) var readback = 0.0
        /// The rest: submitting, waiting, waking up.
        public internal(set) var host = 0.0

        /// Whether the device waits for the host most of the time.
        public var isHostBound: Bool { host > compute }
    }

    /// Whether the numbers can be trusted.
    public struct Noise: Hashable, Sendable {
        /// The ninth decile over the median, minus 1.
        public let spread: Double
        /// The median of the last third over that of the first, minus 1: a machine that heats up or wakes up.
        public let drift: Double
        /// Runs that took more than twice the median.
        public let outliers: Int
        /// Runs that were looked at.
        public let count: Int

        /// From the milliseconds of each run.
        public init(_ samples: [Double]) {
            func median(_ values: [Double]) -> Double {
                let sorted = values.sorted()
                return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
            }
            let middle = median(samples), third = max(1, samples.count / 3), sorted = samples.sorted()
            count = samples.count
            spread = middle > 0 ? sorted[min(samples.count * 9 / 10, samples.count - 1)] / middle - 1 : 0
            let first = median(Array(samples.prefix(third)))
            drift = samples.count >= 6 && first > 0 ? median(Array(samples.suffix(third))) / first - 1 : 0
            outliers = samples.count { $0 > 2 * middle }
        }

        /// `quiet`, `noisy` or `drifting`.
        public var verdict: String { abs(drift) > 0.1 ? "drifting" : spread > 0.15 || outliers * 20 > count ? "noisy" : "quiet" }

        /// One line for people.
        public var text: String {
            func percent(_ share: Double) -> String { "\(share > 0 ? "+" : "")\((share * 100).rounded(places: 1)) %" }
            let advice =
                switch verdict {
                case "drifting": "; the machine changed speed, run longer"
                case "noisy": "; compare minima"
                default: ""
                }
            return "\(verdict): p90 \(percent(spread)), drift \(percent(drift)), \(outliers) of \(count) runs above 2x the median\(advice)"
        }
    }

    /// How far this run's outputs are from another's.
    public struct Difference: Hashable, Sendable {
        /// Device and precision of the other run.
        public let against: String
        /// Largest distance of a number from the other's.
        public let largest: Double
        /// Over the largest magnitude of the other's.
        public let relative: Double
    }

    /// The largest difference between this run's outputs and `other`'s, which had the same inputs; nil when the batches differ.
    public func difference(from other: Benchmark) -> Difference? {
        guard batch == other.batch, !outputs.isEmpty, outputs.map(\.name) == other.outputs.map(\.name) else { return nil }
        let rows = Verification(expected: other.outputs, found: outputs, tolerance: .infinity).rows
        return Difference(
            against: "\(other.report.device.kind.rawValue) \(other.report.precision.rawValue)", largest: rows.map(\.largest).max() ?? 0,
            relative: rows.map(\.relative).max() ?? 0)
    }
}

extension Benchmark.ColdCosts {
    /// The parts that there are, under the names of the JSON form.
    public var parts: [(name: String, milliseconds: Double)] {
        [
            ("instance", instance), ("device", device), ("pipelines_without_cache", pipelinesWithoutCache), ("pipelines_with_cache", pipelinesWithCache),
            ("weights", weights), ("packing", packing), ("first_run", run),
        ].compactMap { name, value in value.map { (name, $0) } }
    }

    var json: JSON { .object(parts.map { .init($0.name, .number($0.milliseconds.rounded(places: 4))) }) }
}

extension Benchmark.Split {
    var json: JSON {
        [
            "upload": .number(upload.rounded(places: 4)), "compute": .number(compute.rounded(places: 4)), "readback": .number(readback.rounded(places: 4)),
            "host": .number(host.rounded(places: 4)),
        ]
    }
}

extension Benchmark.Noise {
    var json: JSON {
        [
            "verdict": .string(verdict), "spread": .number(spread.rounded(places: 4)), "drift": .number(drift.rounded(places: 4)),
            "outliers": .integer(outliers), "runs": .integer(count),
        ]
    }
}

extension Benchmark.Difference {
    var json: JSON { ["against": .string(against), "max": .number(largest), "relative": .number(relative)] }
}

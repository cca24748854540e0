internal import OpsinCPU
internal import OpsinGraph
package import OpsinModels

/// How fast a model runs: cold costs first, then many warm runs. Times the network alone, from tensors to tensors.
public struct Benchmark: Sendable {
    public struct Options: Hashable, Sendable {
        public var batch = 1
        /// At least this many warm runs.
        public var iterations = 20
        /// At least this many seconds of warm runs.
        public var seconds = 1.0
        /// Rounds of the profiled runs; 0 leaves the ops out.
        public var profiledRuns = 20

        public init() {}
    }

    /// Milliseconds of warm runs.
    public struct Latency: Hashable, Sendable {
        public let count: Int
        public let min: Double
        public let mean: Double
        public let median: Double
        public let p90: Double
        public let p99: Double
        public let max: Double
    }

    public let model: String
    public let batch: Int
    public let report: Report
    /// Opening the folder, in milliseconds.
    public let loadMilliseconds: Double
    /// Planning, packing the weights, and the first run.
    public let firstRunMilliseconds: Double
    public let latency: Latency
    /// Median time of each op over the profiled runs.
    public let ops: [OpProfile]
    public let peak: Peak

    /// Opens `path` and measures it on zeros.
    public init(
        _ runtime: Runtime, path: String, session sessionOptions: Session.Options, _ options: Options = Options()
    ) throws(OpsinError) {
        guard (1...1024).contains(options.batch) else { throw OpsinError(.argument, "batch is \(options.batch), expected 1 to 1024") }
        let start = milliseconds()
        let opened = try Model(runtime, path: path)
        loadMilliseconds = milliseconds() - start
        let session = try Session(opened, sessionOptions)
        let size = opened.network.architecture.inputSize

        let firstStart = milliseconds()
        try session.warmUp(batch: options.batch)
        firstRunMilliseconds = milliseconds() - firstStart

        let inputs = [[Float](repeating: 0, count: options.batch * size.height * size.width * 3)]
        let key = PlanCache.Key(batch: options.batch, height: size.height, width: size.width)
        let graph = try session.graph(for: key)
        let measured = try session.exclusively { (state) throws(OpsinError) in
            do throws(PlanFailure) {
                let plan = try state.plan(for: key, graph, opened)
                let latency = try Benchmark.latency(plan, inputs, options)
                let timed = try state.backend.compile(graph, packedWeights: opened.packedWeights, timed: true)
                let ops = try Benchmark.profile(timed, inputs, runs: options.profiledRuns)
                return (latency, ops, state.report(plan, opened), state.backend)
            } catch {
                throw OpsinError(.device, error.description)
            }
        }
        (latency, ops, report) = (measured.0, measured.1, measured.2)
        peak = measured.3.peak()
        (model, batch) = (path, options.batch)
    }

    private static func latency(_ plan: CompiledPlan, _ inputs: [[Float]], _ options: Options) throws(PlanFailure) -> Latency {
        var samples: [Double] = []
        let end = milliseconds() + options.seconds * 1e3
        while samples.count < max(options.iterations, 1) || milliseconds() < end {
            let start = milliseconds()
            try plan.runAlone(inputs)
            samples.append(milliseconds() - start)
        }
        samples.sort()
        func quantile(_ share: Double) -> Double { samples[min(Int(Double(samples.count) * share), samples.count - 1)] }
        return Latency(
            count: samples.count, min: samples.first ?? 0, mean: samples.reduce(0, +) / Double(samples.count), median: quantile(0.5), p90: quantile(0.9),
            p99: quantile(0.99), max: samples.last ?? 0)
    }

    private static func profile(_ plan: CompiledPlan, _ inputs: [[Float]], runs: Int) throws(PlanFailure) -> [OpProfile] {
        guard runs > 0 else { return [] }
        let steps = plan.steps
        var times = [[Double]](repeating: [], count: steps.count)
        for _ in 0..<runs {
            try plan.runAlone(inputs)
            for (index, nanoseconds) in try plan.lastTimes().enumerated() where times.indices.contains(index) { times[index].append(nanoseconds * 1e-6) }
        }
        return steps.enumerated().map { index, step in
            let sorted = times[index].sorted()
            return OpProfile(
                name: step.node, op: step.op, kernel: step.kernel, milliseconds: sorted.isEmpty ? 0 : sorted[sorted.count / 2], flops: step.cost.flops,
                bytes: step.cost.bytes(elementBytes: 4))
        }
    }
}

extension Backend {
    /// The roofs of the device, measured now. A Vulkan device's are not measured yet: 0.
    func peak() -> Peak {
        guard case .cpu(let isa, let precision, let team) = self else { return Peak(flops: 0, bytes: 0) }
        let roofs = CPUPeak(isa: isa, threads: team.threads)
        return Peak(flops: precision == .bf16 ? roofs.bf16 : roofs.fp32, bytes: roofs.read)
    }
}

extension Benchmark {
    /// One element of `runs` in `opsin bench --json`.
    package var json: JSON {
        [
            "device": .string(report.device.kind.rawValue), "precision": .string(report.precision.rawValue), "isa": .string(report.isa),
            "threads": .integer(report.threads), "batch": .integer(batch), "load_ms": .number(loadMilliseconds.rounded(places: 4)),
            "first_run_ms": .number(firstRunMilliseconds.rounded(places: 4)),
            "latency_ms": [
                "min": .number(latency.min.rounded(places: 4)), "median": .number(latency.median.rounded(places: 4)),
                "p90": .number(latency.p90.rounded(places: 4)), "p99": .number(latency.p99.rounded(places: 4)),
                "mean": .number(latency.mean.rounded(places: 4)), "max": .number(latency.max.rounded(places: 4)), "runs": .integer(latency.count),
            ],
            "peak": ["gflops": .number((peak.flops * 1e-9).rounded(places: 1)), "gbytes_per_s": .number((peak.bytes * 1e-9).rounded(places: 2))],
            "ops": .array(ops.map { $0.json(peak) }),
        ]
    }

    /// The whole of `opsin bench --json`, schema version 1.
    public static func jsonText(model: String, _ runs: [Benchmark]) -> String {
        JSON.object([.init("schema_version", 1), .init("model", .string(model)), .init("runs", .array(runs.map(\.json)))]).text
    }
}

internal import OpsinCPU
internal import OpsinGraph
package import OpsinModels
internal import OpsinVulkan

/// How fast a model or an op runs: cold costs first, then many warm runs. Times the network alone, from tensors to tensors.
public struct Benchmark: Sendable {
    /// What is measured, how often, and on how many images at once.
    public struct Options: Hashable, Sendable {
        /// Images a run.
        public var batch = 1
        /// Rows and columns of the input; 0, both, is the model's own size.
        public var inputHeight = 0
        /// Width of the input in pixels; 0: the recipe's.
        public var inputWidth = 0
        /// At least this many warm runs.
        public var iterations = 20
        /// At least this many seconds of warm runs.
        public var seconds = 1.0
        /// Rounds of the profiled runs, fewer of a slow model; 0 leaves the ops out.
        public var profiledRuns = 20
        /// Leaves out ops, split, cold costs, peak and the model's facts: for many short measurements beside other programs'.
        public var measuresLatencyAlone = false

        /// The model's own size, one image a run.
        public init() {}
    }

    /// Milliseconds of warm runs.
    public struct Latency: Hashable, Sendable {
        /// Runs that were timed.
        public let count: Int
        /// The fastest run.
        public let min: Double
        /// The sum over the count.
        public let mean: Double
        /// Half of the runs were faster.
        public let median: Double
        /// Nine of ten runs were faster.
        public let p90: Double
        /// 99 of 100 runs were faster.
        public let p99: Double
        /// The slowest run.
        public let max: Double
    }

    /// One thing that tells a model from another.
    public struct Fact: Hashable, Sendable {
        /// What it is about.
        public let name: String
        /// What was found, for a person to read.
        public let value: String
    }

    /// The model's architecture, size and hash; empty for an op.
    public let facts: [Fact]
    /// The folder of the model, or the op and its shape.
    public let model: String
    /// Images a run.
    public let batch: Int
    /// What ran, and where.
    public let report: Report
    /// Opening the folder, in milliseconds.
    public let loadMilliseconds: Double
    /// Planning, packing the weights, and the first run.
    public let firstRunMilliseconds: Double
    /// What came before the first answer.
    public let cold: ColdCosts
    /// Milliseconds of the runs.
    public let latency: Latency
    /// Where the time of a run went.
    public let split: Split
    /// How far the runs differ from each other.
    public let noise: Noise
    /// Median time of each op over the profiled runs.
    public let ops: [OpProfile]
    /// What the machine could do at best, and how much of it was reached.
    public let peak: Peak
    /// What the run gave for the fixed input, to hold devices against each other.
    let outputs: [Tensor]

    /// Opens `path` and measures it on a fixed pattern.
    public init(
        _ runtime: Runtime, path: String, session sessionOptions: Session.Options, _ options: Options = Options()
    ) throws(OpsinError) {
        guard (1...1024).contains(options.batch) else { throw OpsinError(.argument, "batch is \(options.batch), expected 1 to 1024") }
        let start = milliseconds()
        let opened = try Model(runtime, path: path)
        loadMilliseconds = milliseconds() - start
        facts = options.measuresLatencyAlone ? [] : try Identity.facts(opened)
        let session = try Session(opened, sessionOptions)
        let own = opened.network.architecture.inputSize
        let size = options.inputHeight == 0 ? own : InputSize(height: options.inputHeight, width: options.inputWidth)

        let firstStart = milliseconds()
        try session.warmUp(batch: options.batch, size)
        firstRunMilliseconds = milliseconds() - firstStart

        let pattern = try opened.patternInput(size).channelsLast(images: 1, channels: 3, pixels: size.height * size.width)
        let inputs = [[Float](repeatElement(pattern, count: options.batch).joined())]
        let key = PlanCache.Key(batch: options.batch, height: size.height, width: size.width)
        let graph = try session.graph(for: key)
        let (measured, report) = try session.exclusively { (state) throws(OpsinError) in
            do throws(PlanFailure) {
                let resources = PlanResources(opened, threads: sessionOptions.threads)
                let plan = try state.plan(for: key, graph, resources)
                let measured = try Measurement(plan, graph, inputs, state.backend, resources, options)
                return (measured, state.report(plan, opened))
            } catch {
                throw OpsinError(.device, error.description)
            }
        }
        (latency, noise, split, ops) = (measured.latency, measured.noise, measured.split, measured.ops)
        (cold, peak, outputs) = (measured.cold, measured.peak, measured.outputs)
        (model, batch, self.report) = (path, options.batch, report)
    }

    /// One op alone, on random data. Throws `.unsupported` where the device has no kernel for it.
    public init(_ runtime: Runtime, op: OpRequest, session: Session.Options, _ options: Options = Options()) throws(OpsinError) {
        let start = milliseconds()
        let graph = try op.graph()
        let inputs = graph.inputs.enumerated().map { index, port in OpRequest.noise(port.value.shape.count, seed: UInt64(index + 1)) }
        loadMilliseconds = milliseconds() - start
        let backend = try runtime.backend(session.precision, threads: session.threads)
        let resources = PlanResources(runtime, threads: session.threads)
        do throws(PlanFailure) {
            let firstStart = milliseconds()
            let plan = try backend.compile(graph, resources)
            _ = try plan.run(inputs)
            firstRunMilliseconds = milliseconds() - firstStart
            let measured = try Measurement(plan, graph, inputs, backend, resources, options)
            (latency, noise, split, ops) = (measured.latency, measured.noise, measured.split, measured.ops)
            (cold, peak, outputs) = (measured.cold, measured.peak, measured.outputs)
            report = backend.report(runtime, plan, bytes: resources.weightBytes())
        } catch {
            throw OpsinError(.unsupported, error.description)
        }
        (model, batch, facts) = (op.text, op.shape.first ?? 1, [])
    }
}

extension Benchmark {
    /// One element of `runs` in `opsin bench --json`; the difference is to the outputs of `first`.
    package func json(against first: Benchmark?) -> JSON {
        var members: [JSON.Member] = [
            .init("device", .string(report.device.kind.rawValue)), .init("name", .string(report.device.name)),
            .init("precision", .string(report.precision.rawValue)), .init("isa", .string(report.isa)), .init("threads", .integer(report.threads)),
            .init("dispatches", .integer(report.dispatches)), .init("batch", .integer(batch)), .init("load_ms", .rounded(loadMilliseconds)),
            .init("first_run_ms", .rounded(firstRunMilliseconds)), .init("cold_ms", cold.json), .init("latency_ms", latency.json),
        ]
        members += [
            .init("split_ms", split.json), .init("noise", noise.json), .init("difference", first.flatMap { difference(from: $0)?.json } ?? .null),
            .init("peak", peak.json), .init("memory_bytes", .integer(report.memoryBytes)),
            .init("fallbacks", .array(report.fallbacks.map { ["what": .string($0.what), "reason": .string($0.reason)] })),
            .init("ops", .array(ops.map { $0.json(peak) })),
        ]
        return .object(members)
    }

    /// The whole of `opsin bench --json`, schema version 1. Differences are against the first run.
    public static func jsonText(model: String, _ runs: [Benchmark]) -> String {
        JSON.object([
            .init("schema_version", 1), .init("model", .string(model)), .init("identity", Identity.json),
            .init("model_facts", .object((runs.first?.facts ?? []).map { .init($0.name, .string($0.value)) })),
            .init("runs", .array(runs.enumerated().map { run in run.element.json(against: run.offset == 0 ? nil : runs.first) })),
        ]).text
    }
}

extension Benchmark.Latency {
    var json: JSON {
        [
            "min": .rounded(min), "median": .rounded(median), "p90": .rounded(p90), "p99": .rounded(p99), "mean": .rounded(mean), "max": .rounded(max),
            "runs": .integer(count),
        ]
    }
}

extension Peak {
    var json: JSON { ["gflops": .number((flops * 1e-9).rounded(places: 1)), "gbytes_per_s": .number((bytes * 1e-9).rounded(places: 2))] }
}

extension JSON {
    /// Milliseconds with four decimals.
    static func rounded(_ milliseconds: Double) -> JSON { .number(milliseconds.rounded(places: 4)) }
}

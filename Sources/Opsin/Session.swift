internal import OpsinCPU
internal import OpsinGraph
internal import OpsinModels
internal import OpsinVision
internal import Synchronization

/// One stream of work over a model: precision, threads, and the plans for the input shapes it has seen.
///
/// Takes one call at a time; a second one that comes in meanwhile is answered with `.busy`.
public final class Session: Sendable {
    public struct Options: Hashable, Sendable {
        public var precision = Precision.default
        /// Threads of the CPU; 0 is one per physical core that this process may use, at most 8.
        public var threads = 0
        /// Named values of the network (`blocks.2.1`) that runs return besides the outputs.
        public var features: [String] = []
        /// Runs the graph as the reference has it, no op fused, and returns every named value of it.
        public var exposesLayers = false
        /// Times each op of every run; costs a little in each. `measuredOps()` has the sums.
        public var measuresOps = false

        public init() {}
    }

    /// Plans kept for other shapes than the last one.
    static let planLimit = 4

    public let model: Model
    public let options: Options
    /// The precision that runs, never `default` or `auto`.
    public let precision: Precision

    let isa: ISA
    let team: CPUTeam
    let door = SessionDoor()
    private let keptBytes = Atomic(0)
    /// Touched only by who is inside the door.
    nonisolated(unsafe) private var plans = PlanCache(limit: Session.planLimit)
    /// As `plans`.
    nonisolated(unsafe) var measured = MeasuredOps()

    public init(_ model: Model, _ options: Options = Options()) throws(OpsinError) {
        isa = try Session.chosenISA()
        precision = try Session.chosenPrecision(options.precision, isa)
        team = try model.runtime.team(threads: options.threads)
        (self.model, self.options) = (model, options)
    }

    /// Decoded pixels to the task's answer.
    public func run(_ image: Image, _ options: TaskOptions = TaskOptions()) throws(OpsinError) -> TaskResult {
        var timings = Timings()
        timings.decode = image.decodeMilliseconds
        let start = milliseconds()
        let input = try preprocess(image)
        timings.preprocess = milliseconds() - start
        let (tensors, run, report) = try execute([input.tensor])
        timings.run = run
        return try result(of: tensors, options, imageWidth: image.pixels.sourceWidth, imageHeight: image.pixels.sourceHeight, timings: timings, report: report)
    }

    /// Images one after the other; an image that fails does not touch the others.
    ///
    /// Each is run by itself, so its answer does not depend on its neighbours.
    public func run(batch images: [Image], _ options: TaskOptions = TaskOptions()) -> [Swift.Result<TaskResult, OpsinError>] {
        images.map { image in Swift.Result { () throws(OpsinError) in try run(image, options) } }
    }

    /// Tensors through the network, without pre- or postprocessing: the inputs under the model's names, scaled as the recipe says.
    public func run(tensors: [Tensor]) throws(OpsinError) -> (outputs: [Tensor], milliseconds: Double, report: Report) {
        try execute(tensors)
    }

    /// What the model's recipe makes of an image, and where its pixels came from.
    public func preprocess(_ image: Image) throws(OpsinError) -> PreprocessedImage { try model.preprocess(image) }

    /// Raw outputs to the task's answer, in the pixels of the image of that size.
    public func postprocess(_ tensors: [Tensor], imageWidth: Int, imageHeight: Int, _ options: TaskOptions = TaskOptions()) throws(OpsinError) -> TaskResult {
        try result(of: tensors, options, imageWidth: imageWidth, imageHeight: imageHeight, timings: Timings(), report: report(nil))
    }

    /// Plans the model for `batch` images of its own size and runs it once on zeros, so that the first image does not wait for it.
    public func warmUp(batch: Int = 1) throws(OpsinError) {
        let size = model.network.architecture.inputSize
        try withPlan(batch: batch, height: size.height, width: size.width) { (plan) throws(OpsinError) in plan.run() }
    }

    /// Calls `body` with the plan for that input, made now if need be. `.busy` when the session is inside another call.
    func withPlan<Value>(batch: Int, height: Int, width: Int, _ body: (CPUPlan) throws(OpsinError) -> Value) throws(OpsinError) -> Value {
        guard door.enter() else {
            throw OpsinError(.busy, "the session is inside another call (it takes one at a time; make a session for each thread)")
        }
        defer { door.leave() }
        let key = PlanCache.Key(batch: batch, height: height, width: width)
        if let known = unsafe plans.plan(for: key) { return try body(known) }
        let plan = try makePlan(key)
        unsafe plans.insert(plan, for: key)
        keptBytes.store(unsafe plans.bytes, ordering: .relaxed)
        return try body(plan)
    }

    /// Bytes of the plans that are kept: activations and scratch.
    package var planBytes: Int { keptBytes.load(ordering: .relaxed) }

    /// Drops the kept plans, unless a call is inside. The next run makes its own again.
    package func dropIdlePlans() {
        door.whenIdle {
            unsafe plans.removeAll()
            keptBytes.store(0, ordering: .relaxed)
        }
    }

    private func makePlan(_ key: PlanCache.Key) throws(OpsinError) -> CPUPlan {
        let endpoints = options.exposesLayers ? try model.layerNames() : options.features
        let graph = try model.graph(batch: key.batch, height: key.height, width: key.width, endpoints: endpoints, optimized: !options.exposesLayers)
        let cpuPrecision: CPUPrecision = precision == .bf16 ? .bf16 : .fp32
        do {
            return try CPUPlan(graph, team: team, weights: model.packedWeights(isa: isa, precision: cpuPrecision), isa: isa, precision: cpuPrecision)
        } catch {
            throw OpsinError(.device, "\(model.path): \(error.description)")
        }
    }

    private func execute(_ tensors: [Tensor]) throws(OpsinError) -> (outputs: [Tensor], milliseconds: Double, report: Report) {
        guard tensors.count == 1, let input = tensors.first else {
            throw OpsinError(.argument, "\(model.network.architecture.name) takes 1 input, pixel_values; found \(tensors.count)")
        }
        guard input.name == "pixel_values" else { throw OpsinError(.argument, "input \"\(input.name)\" is unknown (expected pixel_values)") }
        guard input.dimensions.count == 4, input.dimensions[1] == 3 else {
            throw OpsinError(.argument, "pixel_values is \(input.dimensions), expected [images, 3, height, width]")
        }
        return try withPlan(batch: input.dimensions[0], height: input.dimensions[2], width: input.dimensions[3]) { (plan) throws(OpsinError) in
            let port = plan.inputs[0]
            unsafe plan.withInput(0) { unsafe input.copyNHWC(shape: port.value.shape, layout: port.layout, to: $0) }
            let start = milliseconds()
            if options.measuresOps { unsafe measured.add(plan.runTimed(), of: plan) } else { plan.run() }
            let elapsed = milliseconds() - start
            let outputs = plan.outputs.indices.map { index in
                let port = plan.outputs[index]
                return unsafe plan.withOutput(index) { unsafe Tensor(name: port.name, shape: port.value.shape, layout: port.layout, nhwc: $0) }
            }
            return (outputs, elapsed, report(plan))
        }
    }

    private func result(
        of tensors: [Tensor], _ options: TaskOptions, imageWidth: Int, imageHeight: Int, timings: Timings, report: Report
    ) throws(OpsinError) -> TaskResult {
        var timings = timings
        let start = milliseconds()
        var classes: [Classification] = []
        if model.task == .classify {
            guard let logits = tensors.first(where: { $0.name == "logits" }) else {
                throw OpsinError(.argument, "no tensor \"logits\" among \(tensors.map(\.name).joined(separator: ", "))")
            }
            let expected = model.network.architecture.classCount
            guard logits.values.count == expected else { throw OpsinError(.argument, "logits is \(logits.dimensions), expected [1, \(expected)]") }
            classes = try model.classes(logits: logits.values, options)
        }
        timings.postprocess = milliseconds() - start
        return TaskResult(
            task: model.task, imageWidth: imageWidth, imageHeight: imageHeight, classes: classes, tensors: tensors, timings: timings, report: report)
    }

    func report(_ plan: CPUPlan?) -> Report {
        Report(
            device: model.runtime.device, precision: precision, isa: isa.rawValue, threads: team.threads, dispatches: 0, fallbacks: model.runtime.fallbacks,
            memoryBytes: (plan?.arenaBytes ?? 0) + (plan?.scratchBytes ?? 0) + model.packedBytes)
    }
}

extension Session {
    /// The instruction set of `OPSIN_CPU_ISA`, or the best one.
    static func chosenISA() throws(OpsinError) -> ISA {
        do {
            return try ISA.usable()
        } catch {
            throw OpsinError(.device, error.description)
        }
    }

    /// What `default` and `auto` mean on the CPU; an error for a precision that it cannot run.
    static func chosenPrecision(_ asked: Precision, _ isa: ISA) throws(OpsinError) -> Precision {
        switch asked {
        case .default, .fp32: return .fp32
        case .fp16: throw OpsinError(.device, "precision fp16: the CPU backend has fp32 and bf16")
        case .auto, .bf16:
            do {
                try CPUPrecision.bf16.check(isa)
                return .bf16
            } catch {
                guard asked == .bf16 else { return .fp32 }
                throw OpsinError(.device, error.description)
            }
        }
    }
}

internal import OpsinCPU
internal import OpsinGraph
package import OpsinModels
package import OpsinVision
internal import Synchronization

/// One stream of work over a model: precision, threads, and the plans for the input shapes it has seen.
///
/// Takes one call at a time; a second one that comes in meanwhile is answered with `.busy`.
public final class Session: Sendable {
    /// What a session is made with.
    public struct Options: Hashable, Sendable {
        /// Of the network's numbers.
        public var precision = Precision.default
        /// Threads of the CPU; 0 is one per physical core that this process may use, at most 8.
        public var threads = 0
        /// Named values of the network (`blocks.2.1`) that runs return besides the outputs.
        public var features: [String] = []
        /// Runs the graph as the reference has it, no op fused, and returns every named value of it.
        public var exposesLayers = false
        /// Which head of a depth network with several answers: 1, the finest, or 4 or 8 where the network has them. Finer decoders are then not planned.
        public var depthScale = 1
        /// Images that `run(batch:)` brings through the network together, 1 to 1024. Activations of so many are then in memory.
        public var maximumBatch = 1
        /// Rows of the network's input in the place of the recipe's; 0, and then `inputWidth` too, is the recipe's. What the network needs (multiples of 14 for
        /// Depth Anything, say) is told by the error when it is something else.
        public var inputHeight = 0
        /// Columns of the network's input; see `inputHeight`.
        public var inputWidth = 0
        /// What `adjust` may change later.
        public var settings = Settings()
        /// Plans kept for other input shapes than the last one, 1 to 64.
        public var keptPlans = 4
        /// Times each op of every run; costs a little in each. `measuredOps()` has the sums.
        public var measuresOps = false

        /// All defaults.
        public init() {}
    }

    /// What may change between two runs.
    public struct Settings: Hashable, Sendable {
        /// Where images become tensors.
        public var preprocessing = PreprocessingPlace.automatic
        /// Where logits become masks.
        public var postprocessing = PostprocessingPlace.automatic
        /// Longest wait for a GPU's answer, in milliseconds, after which it counts as lost; 0 is what suits the device: ten seconds, two minutes for a driver
        /// that computes on the processor.
        public var timeoutMilliseconds = 0

        /// All defaults.
        public init() {}
    }

    /// What it runs.
    public let model: Model
    /// With what it was made.
    public let options: Options

    /// The precision that was chosen for the device, never `default` or `auto`. Reports say what really ran.
    public let precision: Precision

    /// The model's recipe, at the session's input size.
    package let recipe: PreprocessRecipe
    /// Rows and columns of the network's input, as far as the recipe does not follow the photo's aspect.
    package let inputSize: InputSize

    let door = SessionDoor()
    let keptBytes = Atomic(0)
    let keptDeviceBytes = Atomic(0)
    /// Touched only by who is inside the door.
    let lane: Lane
    /// What `submit` fills.
    let requests = RequestQueue()

    /// Opens a session over a model.
    public init(_ model: Model, _ options: Options = Options()) throws(OpsinError) {
        do {
            try model.network.check(NetworkOptions(depthScale: options.depthScale))
        } catch {
            throw OpsinError(error)
        }
        (recipe, inputSize) = try model.input(options)
        guard (1...Network.maximumBatch).contains(options.maximumBatch) else {
            throw OpsinError(.argument, "maximumBatch is \(options.maximumBatch), expected 1 to \(Network.maximumBatch)")
        }
        let backend = try model.backend(options.precision, threads: options.threads)
        guard (1...64).contains(options.keptPlans) else { throw OpsinError(.argument, "keptPlans is \(options.keptPlans), expected 1 to 64") }
        lane = Lane(SessionState(backend: backend, fallbacks: model.runtime.fallbacks, options))
        (self.model, self.options, precision) = (model, options, backend.precision)
    }

    deinit { requests.close() }

    /// Decoded pixels to the task's answer.
    public func run(_ image: Image, _ options: TaskOptions = TaskOptions()) throws(OpsinError) -> TaskResult { try run(image, options, on: nil) }

    /// The same on a lane, whose owner is inside the door already; nil is a call of its own.
    func run(_ image: Image, _ options: TaskOptions, on lane: Lane?) throws(OpsinError) -> TaskResult {
        var timings = Timings()
        timings.decode = image.decodeMilliseconds
        let recipe = recipe(options.fit)
        let geometry = try recipe.geometry(of: image)
        let mapping = ImageMapping(geometry)
        let source = Source.image(image, recipe, PlanCache.Key(geometry))
        let ran = try execute(source, mask: maskRequest(mapping, options), on: lane, timings: &timings)
        timings.preprocess += image.conversionMilliseconds
        var made = try result(of: ran.outputs, mapping, options, mask: ran.mask, on: lane, timings: timings, report: ran.report)
        made.timestampMicroseconds = image.timestampMicroseconds
        return made
    }

    /// The mask that a run is to leave; nil for other tasks.
    func maskRequest(_ mapping: ImageMapping, _ options: TaskOptions) -> MaskRequest? {
        guard model.task == .segment else { return nil }
        return MaskRequest(mapping: mapping, confidence: options.wantsConfidence, probabilities: options.wantsProbabilities)
    }

    /// Tensors through the network, without pre- or postprocessing: the inputs under the model's names, scaled as the recipe says.
    public func run(tensors: [Tensor]) throws(OpsinError) -> (outputs: [Tensor], milliseconds: Double, report: Report) {
        guard tensors.count == 1, let input = tensors.first else {
            throw OpsinError(.argument, "\(model.architecture) takes 1 input, pixel_values; found \(tensors.count)")
        }
        guard input.name == "pixel_values" else { throw OpsinError(.argument, "input \"\(input.name)\" is unknown (expected pixel_values)") }
        guard input.dimensions.count == 4, input.dimensions[1] == 3 else {
            throw OpsinError(.argument, "pixel_values is \(input.dimensions), expected [images, 3, height, width]")
        }
        let (batch, height, width) = (input.dimensions[0], input.dimensions[2], input.dimensions[3])
        let values = input.channelsLast(images: batch, channels: 3, pixels: height * width)
        var timings = Timings()
        let ran = try execute(.tensor(values, PlanCache.Key(batch: batch, height: height, width: width)), timings: &timings)
        return (ran.outputs, timings.run, ran.report)
    }

    /// The same from shared memory, which the plan's device reads itself where it can.
    package func run(_ tensor: SharedTensor) throws(OpsinError) -> (outputs: [Tensor], milliseconds: Double, report: Report) {
        try tensor.check()
        try tensor.buffer.begin()
        defer { tensor.buffer.end() }
        var timings = Timings()
        let ran = try execute(.shared(tensor), timings: &timings)
        return (ran.outputs, timings.run, ran.report)
    }

    /// What the model's recipe makes of an image, and where its pixels came from.
    public func preprocess(_ image: Image, _ fit: TaskOptions.Fit = .model) throws(OpsinError) -> PreprocessedImage {
        try PreprocessedImage(image, recipe(fit), parallel: try parallel())
    }

    /// The threads of the session or of a lane, for work on pictures.
    func parallel(_ lane: Lane? = nil) throws(OpsinError) -> Parallel {
        let team: CPUTeam
        if let own = lane?.team { team = own } else { team = try model.runtime.team(threads: options.threads) }
        return unsafe Parallel { step in unsafe team.run(step) }
    }

    /// Raw outputs to the task's answer, in the pixels of the image of that size, all of which was stretched over the model's whole input.
    public func postprocess(_ tensors: [Tensor], imageWidth: Int, imageHeight: Int, _ options: TaskOptions = TaskOptions()) throws(OpsinError) -> TaskResult {
        let input = inputSize
        let mapping: ImageMapping
        do {
            mapping = try ImageMapping(imageWidth: imageWidth, imageHeight: imageHeight, inputWidth: input.width, inputHeight: input.height)
        } catch {
            throw OpsinError(error)
        }
        return try postprocess(tensors, mapping, options)
    }

    /// Raw outputs to the task's answer, in the pixels of the image that `mapping` speaks of.
    package func postprocess(_ tensors: [Tensor], _ mapping: ImageMapping, _ options: TaskOptions = TaskOptions()) throws(OpsinError) -> TaskResult {
        try result(of: tensors, mapping, options, timings: Timings(), report: exclusively { $0.report(nil, model) })
    }

    /// Plans the model for `batch` images of the session's size and runs it once on zeros, so that the first image does not wait for it.
    public func warmUp(batch: Int = 1) throws(OpsinError) { try warmUp(batch: batch, inputSize) }

    /// As `warmUp(batch:)`, for images of another size.
    package func warmUp(batch: Int, _ size: InputSize) throws(OpsinError) {
        guard (1...1024).contains(batch) else { throw OpsinError(.argument, "batch is \(batch), expected 1 to 1024") }
        let zeros = [Float](repeating: 0, count: batch * size.height * size.width * 3)
        var timings = Timings()
        _ = try execute(.tensor(zeros, PlanCache.Key(batch: batch, height: size.height, width: size.width)), timings: &timings)
    }

    /// Changes what runs from now on go by. `.busy` when another call is inside.
    public func adjust(_ change: (inout Settings) -> Void) throws(OpsinError) {
        try exclusively { (state) throws(OpsinError) in change(&state.settings) }
    }

    /// Bytes of the plans that are kept: activations and scratch.
    package var planBytes: Int { keptBytes.load(ordering: .relaxed) }

    /// Of these, the bytes that are a GPU's.
    package var devicePlanBytes: Int { keptDeviceBytes.load(ordering: .relaxed) }

    /// Drops the kept plans, unless a call is inside. The next run makes its own again.
    package func dropIdlePlans() {
        door.whenIdle {
            lane.state.plans.removeAll()
            lane.count(in: self)
        }
    }

    /// Calls `body` with the session's state. `.busy` when another call is inside.
    func exclusively<Value>(_ body: (inout SessionState) throws(OpsinError) -> Value) throws(OpsinError) -> Value {
        guard door.enter() else {
            throw OpsinError(.busy, Session.busy)
        }
        defer {
            lane.count(in: self)
            door.leave()
        }
        return try body(&lane.state)
    }

    /// As `exclusively`; with a lane its owner is inside the door already.
    private func entered<Value>(_ lane: Lane?, _ body: (inout SessionState) throws(OpsinError) -> Value) throws(OpsinError) -> Value {
        guard let lane else { return try exclusively(body) }
        defer { lane.count(in: self) }
        return try body(&lane.state)
    }

    /// Why a call is turned away.
    package static let busy = "the session is inside another call, has requests under way, or is lent to a stream (make a session for each thread)"

    /// What a run begins with.
    enum Source {
        case image(Image, PreprocessRecipe, PlanCache.Key)
        /// NHWC, made of a photo
        case prepared([Float], PlanCache.Key)
        /// NHWC
        case tensor([Float], PlanCache.Key)
        case shared(SharedTensor)
    }

    /// Runs a source through the plan of its shape. A GPU that fails is rebuilt once, then the CPU takes over, where that is allowed.
    func execute(
        _ source: Source, mask request: MaskRequest? = nil, on lane: Lane? = nil, timings: inout Timings
    ) throws(OpsinError) -> (outputs: [Tensor], report: Report, mask: DeviceMask?) {
        var input: [Float]?
        let key: PlanCache.Key
        switch source {
        case .image(_, _, let shape): key = shape
        case .prepared(let values, let shape), .tensor(let values, let shape): (input, key) = (values, shape)
        case .shared(let tensor): key = tensor.key
        }
        return try entered(lane) { (state) throws(OpsinError) in
            var mayRebuild = true
            // Whether shared memory must be read by the host.
            var reads = false
            // Until a plan shows that it cannot.
            var onDevice = state.preprocessesOnDevice(source.image)
            while true {
                try lane?.checkStop()
                if reads, input == nil, case .shared(let tensor) = source { input = try tensor.values() }
                if input == nil, !onDevice, case .image(let image, let recipe, _) = source {
                    let start = milliseconds()
                    input = try PreprocessedImage(image, recipe, parallel: parallel(lane)).values.pixels
                    timings.preprocess = milliseconds() - start
                    try lane?.checkStop()
                }
                let graph = state.plans.holds(key) ? nil : try graph(for: key)
                do throws(PlanFailure) {
                    let plan = try state.plan(for: key, graph, PlanResources(model, threads: options.threads), timed: options.measuresOps)
                    plan.waits(atMost: state.settings.timeoutMilliseconds)
                    plan.stops(at: lane?.stop)
                    let refusal = try plan.prepare(mask: state.masksOnDevice ? request : nil)
                    let start = milliseconds()
                    let values: [[Float]]
                    if input == nil, case .shared(let tensor) = source {
                        guard let found = try plan.run(tensor) else {
                            reads = true
                            continue
                        }
                        values = found
                        timings.run = milliseconds() - start
                    } else if let input {
                        values = try plan.run([input])
                        timings.run = milliseconds() - start
                    } else {
                        guard case .image(let image, let recipe, _) = source, let frame = try plan.run(image, recipe) else {
                            onDevice = false
                            continue
                        }
                        values = frame.outputs
                        timings.preprocess = frame.preprocessMilliseconds
                        timings.run = milliseconds() - start - timings.preprocess
                    }
                    if let stop = lane?.stop, stop.isSet { throw PlanFailure("the run was stopped") }
                    if options.measuresOps { state.measured.add(try plan.lastTimes(), of: plan) }
                    var report = state.report(plan, model)
                    let reading = milliseconds(), mask = try plan.mask()
                    if let mask { timings.moveToPostprocess(mask.milliseconds, and: milliseconds() - reading) }
                    if source.isPhoto {
                        report.preprocessing = input == nil ? .vulkan : .cpu
                        report.postprocessing = mask == nil ? .cpu : .vulkan
                    }
                    if let refusal { report.fallbacks.append(Fallback(what: "mask", reason: refusal)) }
                    return (plan.tensors(values), report, mask)
                } catch {
                    try lane?.checkStop()
                    try state.recover(from: error, model, options, mayRebuild: mayRebuild)
                    (mayRebuild, onDevice) = (false, state.preprocessesOnDevice(source.image))
                }
            }
        }
    }

    /// The graph that runs for inputs of that shape.
    func graph(for key: PlanCache.Key) throws(OpsinError) -> Graph {
        try model.graph(
            batch: key.batch, height: key.height, width: key.width, endpoints: options.exposesLayers ? nil : options.features,
            optimized: !options.exposesLayers, options: NetworkOptions(depthScale: options.depthScale))
    }

    func result(
        of tensors: [Tensor], _ mapping: ImageMapping, _ options: TaskOptions, mask: DeviceMask? = nil, on lane: Lane? = nil, timings: Timings, report: Report
    ) throws(OpsinError) -> TaskResult {
        var timings = timings
        let start = milliseconds()
        var tensors = tensors
        let answer: TaskAnswer
        switch model.task {
        case .classify: answer = .classes(try model.classes(tensors, options))
        case .detect: answer = .detections(try model.detections(tensors, mapping, options))
        case .segment:
            let (mask, probabilities) = try model.segmentation(tensors, mapping, options, made: mask, parallel(lane))
            answer = .segmentation(mask)
            if let probabilities { tensors.append(probabilities) }
        case .depth: answer = .depth(try model.depth(tensors, mapping, parallel: parallel(lane)))
        case .features: answer = .features
        }
        timings.postprocess += milliseconds() - start
        return TaskResult(
            task: model.task, imageWidth: mapping.imageWidth, imageHeight: mapping.imageHeight, answer: answer, tensors: tensors, timings: timings,
            report: report)
    }
}

extension Session.Source {
    fileprivate var isPhoto: Bool {
        switch self {
        case .image, .prepared: true
        case .tensor, .shared: false
        }
    }

    fileprivate var image: Image? { if case .image(let image, _, _) = self { image } else { nil } }
}

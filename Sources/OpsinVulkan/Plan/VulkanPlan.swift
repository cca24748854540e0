package import OpsinGraph

/// A graph compiled for one input shape on one device: one command list, an arena of activations, weights on the device.
///
/// Running submits once and allocates only what it returns. One run at a time.
package final class VulkanPlan {
    /// What a run measures with the device's clock.
    package enum Timing: Sendable {
        case none
        /// Every dispatch: `dispatchNanoseconds`.
        case each
        /// Copies in, all dispatches, copies out: `runInPhases`.
        case phases
    }

    /// How long the parts of making a plan took.
    package struct BuildTimes: Sendable {
        /// Choosing kernels, packing weights and bringing them to the device.
        package var weights = Duration.zero
        package var pipelines = Duration.zero
        /// Memory and the command list.
        package var recording = Duration.zero

        package init() {}
    }

    /// Where the time of one run went, in milliseconds.
    package struct Phases: Sendable {
        /// The host's writes and the device's copies of the inputs.
        package var upload = 0.0
        /// The dispatches, by the device's clock.
        package var compute = 0.0
        /// The device's copies and the host's reads of the outputs.
        package var readback = 0.0
        /// From the first write to the last read, by the host's clock.
        package var total = 0.0

        package init() {}
    }

    package let device: Device
    /// How values are stored, but for those that the graph wants in fp32.
    package let storage: Storage
    package let buildTimes: BuildTimes
    /// One a dispatch, in order.
    package let reports: [StepReport]
    package let inputs: [Graph.Port]
    package let outputs: [Graph.Port]
    /// Longest wait for a run; a device that is late counts as lost.
    package var timeoutMilliseconds: Int
    /// Bytes of activations and scratch.
    package let arenaBytes: Int
    /// Bytes of weights and parameters on the device.
    package let weightBytes: Int
    /// How each input and output is stored.
    package let inputStorage: [Storage]
    package let outputStorage: [Storage]
    let inputViews: [BufferView]
    let outputViews: [BufferView]
    private let dispatches: [Command]
    private let timing: Timing
    /// The recorded commands by which inputs they copy in and which outputs out.
    private var lists: [[Bool]: CommandList] = [:]
    /// The one that ran last, and how many copies it begins with.
    private var last: (list: CommandList, copies: Int)
    private let sources: [Buffer]
    private let targets: [Buffer]

    /// Compiles `graph`, which passes have been over. Throws, naming the node, where an op cannot run on this device: the caller takes another backend.
    ///
    /// `weights` is what the plans of the graph's model share on this device; nil shares with nobody. `isJudged` says that `graph` is what `judged` gave or a
    /// part of it.
    package init(
        _ graph: Graph, on device: Device, storage: Storage = .f32, timing: Timing = .none, weights: DeviceWeights? = nil, isJudged: Bool = false
    ) throws(VulkanError) {
        try VulkanPlan.check(storage, device)
        let clock = ContinuousClock()
        var times = BuildTimes()
        let start = clock.now
        let builder = try VulkanPlan.lowered(graph, device, storage, weights ?? DeviceWeights(device), isJudged: isJudged)
        let lowered = clock.now
        let pipelines = try device.pipelines.pipelines(builder.pending.map(\.request))
        let piped = clock.now
        var (inputViews, outputViews) = ([BufferView](), [BufferView]())
        for port in graph.inputs { inputViews.append(try builder.view(port.value)) }
        for port in graph.outputs { outputViews.append(try builder.view(port.value)) }
        let sources = try inputViews.map { (view) throws(VulkanError) in try device.memory.allocate(view.byteCount, .upload) }
        let targets = try outputViews.map { (view) throws(VulkanError) in try device.memory.allocate(view.byteCount, .readback) }
        let dispatches = zip(builder.pending, pipelines).map { pending, pipeline in
            Command.dispatch(Dispatch(pipeline, buffers: pending.buffers, push: pending.push, groups: pending.groups, label: pending.node.name))
        }
        let collected = clock.now
        try builder.finish()
        (times.weights, times.pipelines) = (lowered - start + (clock.now - collected), piped - lowered)
        let recording = clock.now
        let copies = (zip(sources, inputViews).map { Command.copy($0.view, to: $1) }, zip(outputViews, targets).map { Command.copy($0, to: $1.view) })
        let list = try CommandList(device, copies.0 + dispatches + copies.1, timing: timing.ofList(copies: copies.0.count, dispatches: dispatches.count))
        times.recording = (clock.now - recording) + (collected - piped)
        buildTimes = times
        timeoutMilliseconds = device.timeoutMilliseconds
        (self.device, self.storage, self.timing, self.sources, self.targets) = (device, storage, timing, sources, targets)
        (self.inputViews, self.outputViews, self.dispatches) = (inputViews, outputViews, dispatches)
        (inputs, outputs, arenaBytes, weightBytes) = (graph.inputs, graph.outputs, builder.arenaBytes + builder.scratchBytes, builder.weightBytes)
        (inputStorage, outputStorage) = (graph.inputs.map { builder.storage(of: $0.value) }, graph.outputs.map { builder.storage(of: $0.value) })
        reports = VulkanPlan.reports(builder.pending)
        last = (list, copies.0.count)
        lists[[Bool](repeating: true, count: graph.inputs.count + graph.outputs.count)] = list
    }

    /// The commands that copy these inputs in, compute, and copy these outputs out; recorded at the first use.
    func list(copiesIn: [Bool], copiesOut: [Bool]) throws(VulkanError) -> CommandList {
        let copies = copiesIn.count(where: \.self)
        if let known = lists[copiesIn + copiesOut] {
            last = (known, copies)
            return known
        }
        let uploads = inputs.indices.filter { copiesIn[$0] }.map { Command.copy(sources[$0].view, to: inputViews[$0]) }
        let readbacks = outputs.indices.filter { copiesOut[$0] }.map { Command.copy(outputViews[$0], to: targets[$0].view) }
        let list = try CommandList(device, uploads + dispatches + readbacks, timing: timing.ofList(copies: copies, dispatches: dispatches.count))
        lists[copiesIn + copiesOut] = list
        last = (list, copies)
        return list
    }

    private static func check(_ storage: Storage, _ device: Device) throws(VulkanError) {
        guard storage == .f32 || device.features.fp16 else {
            throw VulkanError(.unsupported, "\(device.info.name) has no fp16 storage, or it is switched off")
        }
    }

    /// Everything that `graph` runs, fused as it pays and as the device can.
    private static func lowered(
        _ graph: Graph, _ device: Device, _ storage: Storage, _ weights: DeviceWeights, isJudged: Bool
    ) throws(VulkanError) -> VulkanPlanBuilder {
        do {
            return try plain(isJudged ? graph : device.traits.fused(graph), device, storage, weights)
        } catch {
            guard error.code == .unsupported, !isJudged else { throw error }
            return try plain(judged(graph, on: device, storage: storage).graph, device, storage, weights, joins: false)
        }
    }

    /// The dispatches that a plan of `graph` has on `device`, without memory, weights or pipelines.
    package static func dispatches(of graph: Graph, on device: Device, storage: Storage = .f32) throws(VulkanError) -> [StepReport] {
        try reports(plain(device.traits.fused(graph), device, storage, nil).pending)
    }

    private static func plain(
        _ graph: Graph, _ device: Device, _ storage: Storage, _ weights: DeviceWeights?, joins: Bool = true
    ) throws(VulkanError) -> VulkanPlanBuilder {
        let assigned = AssignWidths(graph, narrow: storage.byteCount) { $0.wideInputs }, nodes = assigned.graph.nodes
        let groups = joins ? joined(assigned.graph, device, storage, widths: assigned.elementBytes) : []
        var starts: [Int: any JoinedNodes] = [:]
        for group in groups { starts[group.nodes.min() ?? 0] = group }
        let inGroups = Set(groups.flatMap(\.nodes))
        let order = nodes.indices.compactMap { (index: Int) -> [Int]? in starts[index].map(\.nodes) ?? (inGroups.contains(index) ? nil : [index]) }
        let builder = try VulkanPlanBuilder(assigned, device, weights, groups: order)
        for group in order {
            if let joined = starts[group.min() ?? 0] {
                try builder.lower(joined, group.map { nodes[$0] })
            } else {
                try builder.lower(nodes[group[0]])
            }
        }
        return builder
    }

    /// The nodes of `graph` that `device` cannot run, by index, and why: a buffer or a shape beyond its limits, a shader that needs what it lacks, an op
    /// without a shader. Nothing is packed, uploaded or compiled.
    package static func refusals(_ graph: Graph, on device: Device, storage: Storage) throws(VulkanError) -> [Int: String] {
        try check(storage, device)
        let assigned = AssignWidths(graph, narrow: storage.byteCount) { $0.wideInputs }
        let builder = try VulkanPlanBuilder(assigned, device, nil)
        var refusals: [Int: String] = [:]
        for (node, origin) in zip(assigned.graph.nodes, assigned.origins) where refusals[origin] == nil {
            refusals[origin] = try builder.refusal(of: node)
        }
        return refusals
    }

    /// Dispatches of one run, and barriers between its commands.
    package var dispatchCount: Int { dispatches.count }
    package var barrierCount: Int { last.list.barrierCount }

    /// Copies inputs in (fp32, NHWC, dense), runs, copies outputs out.
    package func run(_ values: [[Float]]) throws(VulkanError) -> [[Float]] { try run(values.map { $0 }, before: nil) }

    /// The same, and the time of each phase; `compute` is 0 unless the plan's timing is `.phases` and the queue has a clock.
    package func runInPhases(_ values: [[Float]]) throws(VulkanError) -> (outputs: [[Float]], phases: Phases) {
        let clock = ContinuousClock()
        let start = clock.now
        guard values.count == inputs.count else { throw VulkanError(.argument, "\(values.count) inputs given, expected \(inputs.count)") }
        for (index, value) in values.enumerated() { try write(value, to: index) }
        let written = clock.now
        let list = try list(copiesIn: inputs.map { _ in true }, copiesOut: outputs.map { _ in true })
        try list.run(timeoutMilliseconds: timeoutMilliseconds)
        let ran = clock.now
        let outputs = try outputs.indices.map { (index) throws(VulkanError) in try read(index) }
        let end = clock.now
        let spans = try list.phaseNanoseconds()
        var phases = Phases()
        (phases.upload, phases.readback, phases.total) = ((written - start).milliseconds, (end - ran).milliseconds, (end - start).milliseconds)
        if spans.count == 3 {
            phases.upload += spans[0] * 1e-6
            phases.compute = spans[1] * 1e-6
            phases.readback += spans[2] * 1e-6
        }
        return (outputs, phases)
    }

    /// Puts `values` where the copy of input `index` begins.
    func write(_ values: [Float], to index: Int) throws(VulkanError) {
        let port = inputs[index]
        guard values.count == port.value.shape.count else {
            throw VulkanError(.argument, "input \(port.name) has \(values.count) values, expected \(port.value.shape.count)")
        }
        switch inputStorage[index] {
        case .f32: try sources[index].write(values)
        case .f16: try sources[index].write(values.map { Float16($0) })
        }
    }

    /// What the copy of output `index` left.
    func read(_ index: Int) throws(VulkanError) -> [Float] {
        let count = outputs[index].value.shape.count
        switch outputStorage[index] {
        case .f32: return try targets[index].read(Float.self, count: count)
        case .f16: return try targets[index].read(Float16.self, count: count).map { Float($0) }
        }
    }

    /// Nanoseconds on the device of each dispatch of the last run, in the order of `reports`; empty without timing.
    package func dispatchNanoseconds() throws(VulkanError) -> [Double] {
        Array(try last.list.nanoseconds().dropFirst(last.copies).prefix(reports.count))
    }

    /// A node's cost counts at its first dispatch.
    private static func reports(_ pending: [VulkanPlanBuilder.Pending]) -> [StepReport] {
        var last: Int?
        return pending.map { step in
            defer { last = step.node.output.index }
            let cost = last == step.node.output.index ? Cost() : step.joined.reduce(step.node.cost) { $0 + $1.cost }
            return StepReport(node: step.node.name, op: step.node.op.name, kernel: step.request.spirv.name, cost: cost, output: step.node.output.shape)
        }
    }
}

extension VulkanPlan.Timing {
    /// What a list of that many copies in and dispatches measures.
    fileprivate func ofList(copies: Int, dispatches: Int) -> CommandList.Timing {
        switch self {
        case .none: .none
        case .each: .each
        case .phases: .phases([copies, copies + dispatches])
        }
    }
}

extension Duration {
    /// Milliseconds, with their fraction.
    package var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15 }
}

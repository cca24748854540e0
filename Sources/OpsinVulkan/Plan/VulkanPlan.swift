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
    }

    package let device: Device
    /// How values are stored, but for those that the graph wants in fp32.
    package let storage: Storage
    package let buildTimes: BuildTimes
    /// One a dispatch, in order.
    package let reports: [StepReport]
    package let inputs: [Graph.Port]
    package let outputs: [Graph.Port]
    package let arenaBytes: Int
    /// Bytes of weights and parameters on the device.
    package let weightBytes: Int
    private let list: CommandList
    private let sources: [Buffer]
    private let targets: [Buffer]
    private let inputStorage: [Storage]
    private let outputStorage: [Storage]

    /// Compiles `graph`, which passes have been over. Throws, naming the node, where an op cannot run on this device: the caller takes another backend.
    package init(_ graph: Graph, on device: Device, storage: Storage = .f32, timing: Timing = .none) throws(VulkanError) {
        guard storage == .f32 || device.features.fp16 else {
            throw VulkanError(.unsupported, "\(device.info.name) has no fp16 storage, or it is switched off")
        }
        let clock = ContinuousClock()
        var times = BuildTimes()
        let start = clock.now
        let assigned = AssignWidths(graph, narrow: storage.byteCount) { $0.wideInputs }
        let builder = try VulkanPlanBuilder(assigned, device)
        for node in assigned.graph.nodes { try builder.lower(node) }
        let lowered = clock.now
        let pipelines = try device.pipelines.pipelines(builder.pending.map(\.request))
        let piped = clock.now
        var commands: [Command] = []
        var (sources, targets) = ([Buffer](), [Buffer]())
        for port in graph.inputs {
            let slot = try builder.view(port.value)
            let source = try device.memory.allocate(slot.byteCount, .upload)
            sources.append(source)
            commands.append(.copy(source.view, to: slot))
        }
        for (pending, pipeline) in zip(builder.pending, pipelines) {
            commands.append(.dispatch(Dispatch(pipeline, buffers: pending.buffers, push: pending.push, groups: pending.groups, label: pending.node.name)))
        }
        for port in graph.outputs {
            let slot = try builder.view(port.value)
            let target = try device.memory.allocate(slot.byteCount, .readback)
            targets.append(target)
            commands.append(.copy(slot, to: target.view))
        }
        let collected = clock.now
        try builder.finish()
        (times.weights, times.pipelines) = (lowered - start + (clock.now - collected), piped - lowered)
        let recording = clock.now
        let phases = [graph.inputs.count, graph.inputs.count + builder.pending.count]
        list = try CommandList(device, commands, timing: timing == .none ? .none : timing == .each ? .each : .phases(phases))
        times.recording = (clock.now - recording) + (collected - piped)
        buildTimes = times
        (self.device, self.storage, self.sources, self.targets) = (device, storage, sources, targets)
        (inputs, outputs, arenaBytes, weightBytes) = (graph.inputs, graph.outputs, builder.arenaBytes, builder.weightBytes)
        (inputStorage, outputStorage) = (graph.inputs.map { builder.storage(of: $0.value) }, graph.outputs.map { builder.storage(of: $0.value) })
        reports = VulkanPlan.reports(builder.pending)
    }

    /// Dispatches of one run, and barriers between its commands.
    package var dispatchCount: Int { list.dispatchCount }
    package var barrierCount: Int { list.barrierCount }

    /// Copies inputs in (fp32, NHWC, dense), runs, copies outputs out.
    package func run(_ values: [[Float]]) throws(VulkanError) -> [[Float]] {
        try write(values)
        try list.run(timeoutMilliseconds: device.timeoutMilliseconds)
        return try read()
    }

    /// The same, with the time of each phase; `compute` is 0 unless the plan's timing is `.phases` and the queue has a clock.
    package func runInPhases(_ values: [[Float]]) throws(VulkanError) -> Phases {
        let clock = ContinuousClock()
        let start = clock.now
        try write(values)
        let written = clock.now
        try list.run(timeoutMilliseconds: device.timeoutMilliseconds)
        let ran = clock.now
        _ = try read()
        let end = clock.now
        let spans = try list.phaseNanoseconds()
        var phases = Phases(upload: (written - start).milliseconds, readback: (end - ran).milliseconds, total: (end - start).milliseconds)
        if spans.count == 3 {
            phases.upload += spans[0] * 1e-6
            phases.compute = spans[1] * 1e-6
            phases.readback += spans[2] * 1e-6
        }
        return phases
    }

    private func write(_ values: [[Float]]) throws(VulkanError) {
        guard values.count == inputs.count else { throw VulkanError(.argument, "\(values.count) inputs given, expected \(inputs.count)") }
        for (index, port) in inputs.enumerated() {
            guard values[index].count == port.value.shape.count else {
                throw VulkanError(.argument, "input \(port.name) has \(values[index].count) values, expected \(port.value.shape.count)")
            }
            switch inputStorage[index] {
            case .f32: try sources[index].write(values[index])
            case .f16: try sources[index].write(values[index].map { Float16($0) })
            }
        }
    }

    private func read() throws(VulkanError) -> [[Float]] {
        var results: [[Float]] = []
        for (index, port) in outputs.enumerated() {
            switch outputStorage[index] {
            case .f32: results.append(try targets[index].read(Float.self, count: port.value.shape.count))
            case .f16: results.append(try targets[index].read(Float16.self, count: port.value.shape.count).map { Float($0) })
            }
        }
        return results
    }

    /// Nanoseconds on the device of each dispatch of the last run, in the order of `reports`; empty without timing.
    package func dispatchNanoseconds() throws(VulkanError) -> [Double] {
        Array(try list.nanoseconds().dropFirst(inputs.count).prefix(reports.count))
    }

    /// A node's cost counts at its first dispatch.
    private static func reports(_ pending: [VulkanPlanBuilder.Pending]) -> [StepReport] {
        var last: Int?
        return pending.map { step in
            defer { last = step.node.output.index }
            let cost = last == step.node.output.index ? Cost() : step.node.cost
            return StepReport(node: step.node.name, op: step.node.op.name, kernel: step.request.spirv.name, cost: cost, output: step.node.output.shape)
        }
    }
}

extension Duration {
    /// Milliseconds, with their fraction.
    package var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15 }
}

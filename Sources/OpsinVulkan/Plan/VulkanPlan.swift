package import OpsinGraph

/// A graph compiled for one input shape on one device: one command list, an arena of activations, weights on the device.
///
/// Running submits once and allocates only what it returns. One run at a time.
package final class VulkanPlan {
    /// What a report says about one dispatch.
    package struct StepReport: Sendable {
        /// The node's name in the reference.
        package let node: String
        package let op: String
        /// The shader variant: `conv2d storage=f32 tile=4x2`.
        package let kernel: String
        package let cost: Cost
        package let output: Shape
    }

    package let device: Device
    package let storage: Storage
    /// One a dispatch, in order.
    package let reports: [StepReport]
    package let inputs: [Graph.Port]
    package let outputs: [Graph.Port]
    package let arenaBytes: Int
    private let list: CommandList
    private let sources: [Buffer]
    private let targets: [Buffer]

    /// Compiles `graph`, which passes have been over. Throws, naming the node, where an op cannot run on this device: the caller takes another backend.
    package init(_ graph: Graph, on device: Device, storage: Storage = .f32, timing: CommandList.Timing = .none) throws(VulkanError) {
        guard storage == .f32 || device.features.fp16 else {
            throw VulkanError(.unsupported, "\(device.info.name) has no fp16 storage, or it is switched off")
        }
        let builder = try VulkanPlanBuilder(graph, device, storage)
        for node in graph.nodes { try builder.lower(node) }
        let pipelines = try device.pipelines.pipelines(builder.pending.map(\.request))
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
        try builder.finish()
        list = try CommandList(device, commands, timing: timing)
        (self.device, self.storage, self.sources, self.targets) = (device, storage, sources, targets)
        (inputs, outputs, arenaBytes) = (graph.inputs, graph.outputs, builder.arenaBytes)
        reports = VulkanPlan.reports(builder.pending)
    }

    /// Dispatches of one run, and barriers between its commands.
    package var dispatchCount: Int { list.dispatchCount }
    package var barrierCount: Int { list.barrierCount }

    /// Copies inputs in (fp32, NHWC, dense), runs, copies outputs out.
    package func run(_ values: [[Float]]) throws(VulkanError) -> [[Float]] {
        guard values.count == inputs.count else { throw VulkanError(.argument, "\(values.count) inputs given, expected \(inputs.count)") }
        for (index, port) in inputs.enumerated() {
            guard values[index].count == port.value.shape.count else {
                throw VulkanError(.argument, "input \(port.name) has \(values[index].count) values, expected \(port.value.shape.count)")
            }
            switch storage {
            case .f32: try sources[index].write(values[index])
            case .f16: try sources[index].write(values[index].map { Float16($0) })
            }
        }
        try list.run(timeoutMilliseconds: device.options.timeoutMilliseconds)
        var results: [[Float]] = []
        for (target, port) in zip(targets, outputs) {
            switch storage {
            case .f32: results.append(try target.read(Float.self, count: port.value.shape.count))
            case .f16: results.append(try target.read(Float16.self, count: port.value.shape.count).map { Float($0) })
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

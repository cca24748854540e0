package import OpsinGraph

/// What ops add their dispatches to while a plan is made: where values live, packed weights, the device.
package final class VulkanPlanBuilder {
    /// One dispatch before its pipeline exists.
    struct Pending {
        let node: Graph.Node
        /// Further nodes whose work it does.
        let joined: [Graph.Node]
        let request: PipelineRequest
        let buffers: [BufferView]
        let push: [UInt32]
        let groups: GroupCount
    }

    package let device: Device
    /// How the activations and weights of the node that is being lowered are stored; sums are fp32. Its inputs come in the same storage, but for
    /// `VulkanOp.wideInputs`, which come in fp32.
    package private(set) var storage: Storage
    private(set) var pending: [Pending] = []
    private let arena: Buffer
    private let offsets: [Int?]
    /// By value: bytes of an element.
    private let widths: [Int]
    /// By `Value.index`: the elements of constants and of their views.
    private var constants: [Int: BufferView] = [:]
    private let ring: StagingRing
    private let shared: DeviceWeights
    private var kept: [ObjectIdentifier: Buffer] = [:]
    private var node: Graph.Node?
    /// By how manieth request of a node: what nodes share.
    private var scratch: [Buffer] = []
    private var scratchUsed = 0
    /// Bytes of all scratch memory.
    private(set) var scratchBytes = 0
    private var joined: [Graph.Node] = []
    private var counterBuffer: Buffer?

    /// A builder without memory, for `refusal`.
    private let isProbe: Bool

    /// With `weights` nil it only tries: nothing is packed or uploaded. `groups` are the nodes that one dispatch computes; nil is each alone.
    init(_ assigned: AssignWidths, _ device: Device, _ weights: DeviceWeights?, groups: [[Int]]? = nil) throws(VulkanError) {
        let alignment = max(64, device.info.limits.storageAlignment)
        let memory = ActivationMemory(assigned.graph, groups: groups, elementBytes: assigned.elementBytes, alignment: alignment)
        (self.device, storage, widths, offsets, ring) = (device, .f32, assigned.elementBytes, memory.offsets, StagingRing(device))
        (isProbe, shared) = (weights == nil, weights ?? DeviceWeights(device))
        arena = try device.memory.allocate(isProbe ? 64 : max(memory.arenaBytes, 64), .device)
        for (position, constant) in assigned.graph.constants.enumerated() {
            let view = try data(constant)
            for (value, source) in memory.constants where source == position { constants[value] = view }
        }
    }

    /// Bytes of the arena of activations.
    var arenaBytes: Int { arena.byteCount }

    /// Lowers nodes that one dispatch computes, under the last one's name.
    func lower(_ group: some JoinedNodes, _ nodes: [Graph.Node]) throws(VulkanError) {
        guard let last = nodes.last else { return }
        (node, joined, scratchUsed) = (last, Array(nodes.dropLast()), 0)
        storage = storage(of: last.output)
        do {
            try group.lower(nodes, self)
        } catch {
            throw VulkanError(error.code, "\(last.name): \(last.op.name): \(error.description)")
        }
    }

    /// Lowers one node.
    func lower(_ node: Graph.Node) throws(VulkanError) {
        (self.node, joined, scratchUsed) = (node, [], 0)
        storage = storage(of: node.output)
        do {
            try node.op.lower(node, self)
        } catch {
            throw VulkanError(error.code, "\(node.name): \(node.op.name): \(error.description)")
        }
    }

    /// Why the device cannot run `node`; nil where it can. Only for a builder that tries.
    func refusal(of node: Graph.Node) throws(VulkanError) -> String? {
        if device.options.refused.contains(node.op.name) { return "\(node.op.name) is switched off on Vulkan devices" }
        pending.removeAll(keepingCapacity: true)
        (self.node, storage) = (node, storage(of: node.output))
        do {
            try node.op.lower(node, self)
            for step in pending { try check(step) }
            return nil
        } catch {
            // Whatever is wrong with the device itself is no reason of this op.
            guard error.code == .unsupported || error.code == .argument else { throw error }
            return error.description
        }
    }

    /// What the pipeline and the command list will ask of the device.
    private func check(_ step: Pending) throws(VulkanError) {
        try device.pipelines.check(step.request)
        for view in step.buffers { try CommandList.check(view.byteCount, step.request.spirv.name, device.info) }
        try CommandList.check(step.groups, step.request.spirv.name, device.info)
    }

    /// Bytes of weights and parameters on the device, those that other plans use too included.
    var weightBytes: Int { kept.values.reduce(0) { $0 + $1.byteCount } }

    /// Waits for the weights.
    func finish() throws(VulkanError) { try ring.finish() }

    /// How `value` is stored.
    package func storage(of value: Value) -> Storage { widths.indices.contains(value.index) && widths[value.index] == 2 ? .f16 : .f32 }

    /// Where `value` lives, rounded up to whole 64-byte lines, so that a kernel may use the last quad whole.
    package func view(_ value: Value) throws(VulkanError) -> BufferView {
        if let constant = constants[value.index] { return constant }
        guard offsets.indices.contains(value.index), let offset = offsets[value.index] else {
            throw VulkanError(.argument, "value \(value.index) has no memory")
        }
        return BufferView(buffer: arena, offset: offset, byteCount: (value.shape.count * storage(of: value).byteCount + 63) / 64 * 64)
    }

    /// Weights on the device, in the plan's storage: those of `filter` as `pack` lays them out, `count` numbers. `layout` names that layout and the tile it is
    /// for; plans of one model share what has one name, and then nobody packs.
    package func weights(of filter: Filter, _ layout: String, count: Int, pack: () -> [Float]) throws(VulkanError) -> BufferView {
        let name = "\(node?.name ?? "") \(filter.packingKey) \(layout) \(count)"
        return switch storage {
        case .f32: try constant("f32 \(name)", Float.self, count, pack)
        case .f16: try constant("f16 \(name)", Float16.self, count) { pack().map { Float16($0) } }
        }
    }

    /// The elements of a constant value, in its storage and in whole 64-byte lines, as every value has. Equal ones are there once.
    private func data(_ source: Graph.ConstantValue) throws(VulkanError) -> BufferView {
        let values = isProbe ? [] : source.constant.floats(), count = (source.constant.count + 31) / 32 * 32
        var hasher = Hasher()
        unsafe values.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        let name = "data \(count) \(hasher.finalize())"
        let filled = values + [Float](repeating: 0, count: max(0, count - values.count))
        return switch storage(of: source.value) {
        case .f32: try constant("f32 \(name)", Float.self, count) { filled }
        case .f16: try constant("f16 \(name)", Float16.self, count) { filled.map { Float16($0) } }
        }
    }

    /// Small parameters on the device (biases, scales), always fp32, filled up with zeros to whole quads of `quads`. Equal ones are there once.
    package func parameters(_ values: [Float], quads: Int) throws(VulkanError) -> BufferView {
        let filled = values + [Float](repeating: 0, count: max(0, quads * 4 - values.count))
        var hasher = Hasher()
        unsafe filled.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return try constant("parameters \(filled.count) \(hasher.finalize())", Float.self, filled.count) { filled }
    }

    /// Memory for what one dispatch of a node hands to its next ones. Each call for a node gives other bytes; other nodes get them again, and barriers come
    /// where they do.
    package func scratch(_ byteCount: Int) throws(VulkanError) -> BufferView {
        let needed = (max(byteCount, 1) + 63) / 64 * 64
        guard !isProbe else { return BufferView(buffer: arena, offset: 0, byteCount: needed) }
        if scratchUsed == scratch.count {
            scratch.append(try newScratch(needed))
        } else if scratch[scratchUsed].byteCount < needed {
            // Earlier nodes keep the smaller one.
            scratch[scratchUsed] = try newScratch(max(needed, 2 * scratch[scratchUsed].byteCount))
        }
        defer { scratchUsed += 1 }
        return BufferView(buffer: scratch[scratchUsed], offset: 0, byteCount: needed)
    }

    private func newScratch(_ byteCount: Int) throws(VulkanError) -> Buffer {
        let buffer = try device.memory.allocate(byteCount, .device)
        scratchBytes += buffer.byteCount
        return buffer
    }

    /// Most bytes of scratch that a kernel takes of its own accord, to have more workgroups.
    package static let mostOptionalScratch = 8 << 20

    /// As many 32-bit counters, 0 whenever a dispatch begins: those that count them up set them back. Nodes of a plan share them.
    package func counters(_ count: Int) throws(VulkanError) -> BufferView {
        let byteCount = VulkanPlanBuilder.mostCounters * 4
        guard count <= VulkanPlanBuilder.mostCounters else { throw VulkanError(.unsupported, "\(count) counters are too many") }
        guard !isProbe else { return BufferView(buffer: arena, offset: 0, byteCount: byteCount) }
        if let counterBuffer { return counterBuffer.view }
        let buffer = try device.memory.allocate(byteCount, .device)
        try ring.upload([UInt32](repeating: 0, count: VulkanPlanBuilder.mostCounters), to: buffer)
        counterBuffer = buffer
        return buffer.view
    }

    /// Tiles whose depth is split: a device is full with far fewer.
    private static let mostCounters = 4096

    /// Adds one run of `shader`; `threads` are counted over the flat index.
    package func dispatch(_ shader: some Shader, _ buffers: [BufferView], threads: Int, local: UInt32) throws(VulkanError) {
        let groups = try GroupCount.covering(threads, local: Int(local), limit: device.info.limits.maximumGroupCount[0])
        try dispatch(shader, buffers, groups: groups)
    }

    /// Adds one run of `shader` with this many workgroups, counted as `FLAT_GROUP` does.
    package func dispatch(_ shader: some Shader, _ buffers: [BufferView], workgroups: Int) throws(VulkanError) {
        try dispatch(shader, buffers, groups: GroupCount.covering(workgroups, local: 1, limit: device.info.limits.maximumGroupCount[0]))
    }

    /// Adds one run of `shader`.
    package func dispatch(_ shader: some Shader, _ buffers: [BufferView], groups: GroupCount) throws(VulkanError) {
        guard let node else { throw VulkanError(.argument, "a dispatch outside of a node") }
        pending.append(Pending(node: node, joined: joined, request: PipelineRequest(shader), buffers: buffers, push: shader.push, groups: groups))
    }

    /// The buffer called `key` with these numbers.
    private func constant<Element: BitwiseCopyable>(
        _ key: String, _ type: Element.Type, _ count: Int, _ make: () -> [Element]
    ) throws(VulkanError) -> BufferView {
        let byteCount = max(1, count) * MemoryLayout<Element>.stride
        guard !isProbe else { return BufferView(buffer: arena, offset: 0, byteCount: byteCount) }
        let buffer = try shared.buffer(key) { () throws(VulkanError) in
            let values = make()
            guard values.count <= max(1, count) else { throw VulkanError(.argument, "\(key): \(values.count) numbers were packed, expected \(count)") }
            let buffer = try device.memory.allocate(byteCount, .device)
            try ring.upload(values, to: buffer)
            return buffer
        }
        kept[ObjectIdentifier(buffer)] = buffer
        return buffer.view
    }
}

extension Storage {
    /// Bytes of one element.
    package var byteCount: Int { self == .f32 ? 4 : 2 }
}

extension GroupCount {
    /// Workgroups for `threads` flat indices: one dimension, or two where one is too small.
    package static func covering(_ threads: Int, local: Int, limit: Int) throws(VulkanError) -> GroupCount {
        guard threads > 0, threads < 1 << 32, local > 0, limit > 0 else { throw VulkanError(.unsupported, "\(threads) threads cannot be counted in 32 bits") }
        let groups = (threads + local - 1) / local
        guard groups > limit else { return GroupCount(groups) }
        let rows = (groups + limit - 1) / limit
        return GroupCount((groups + rows - 1) / rows, rows)
    }
}

/// The 32-bit number that shaders take, or the error that a shape is too large for them.
func word(_ value: Int) throws(VulkanError) -> UInt32 {
    guard let word = UInt32(exactly: value) else { throw VulkanError(.unsupported, "\(value) does not fit into 32 bits") }
    return word
}

/// The same, signed.
func signed(_ value: Int) throws(VulkanError) -> Int32 {
    guard let word = Int32(exactly: value) else { throw VulkanError(.unsupported, "\(value) does not fit into 32 bits") }
    return word
}

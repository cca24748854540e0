/// Where every activation of a graph lives in one arena.
package struct ActivationMemory: Sendable {
    /// Byte offset by `Value.index`; nil for a value that never exists in memory because it stays inside a group of fused nodes, and for constants.
    package let offsets: [Int?]
    /// By `Value.index`: the constant that a value is or is a view of, an index into `graph.constants`. Others are not in it.
    package let constants: [Int: Int]
    package let arenaBytes: Int
    /// Most bytes alive at one step; the arena is at best as large.
    package let peakLiveBytes: Int

    /// Plans `graph` run group by group, in order. `groups` are indices into `graph.nodes`; nil is one node a group.
    ///
    /// A view (`Reshape`) shares the bytes of its input. An op that may write over its first input does so when nobody reads that input later.
    /// Graph inputs hold until their last reader, graph outputs until the end. Constants live elsewhere and are never written. `elementBytes` is by
    /// `Value.index`; nil is fp32 everywhere. `views` are values that lie inside of others, in fp32.
    package init(_ graph: Graph, groups: [[Int]]? = nil, elementBytes: [Int]? = nil, views: [Int: ChannelView] = [:], alignment: Int = 64) {
        let elementBytes = elementBytes ?? [Int](repeating: 4, count: graph.valueCount)
        let groups = groups ?? graph.nodes.indices.map { [$0] }
        var first = [Int](repeating: 0, count: graph.valueCount)
        var last = [Int](repeating: -1, count: graph.valueCount)
        var existing = [Bool](repeating: false, count: graph.valueCount)
        var bytes = [Int](repeating: 0, count: graph.valueCount)
        /// The value whose bytes a value uses: itself, or the root of a chain of views and in-place results.
        var root = Array(0..<graph.valueCount)

        var constants: [Int: Int] = [:]
        for (position, constant) in graph.constants.enumerated() { constants[constant.value.index] = position }
        for port in graph.inputs { (existing[port.value.index], bytes[port.value.index]) = (true, port.value.shape.count * elementBytes[port.value.index]) }
        let lastReader = ActivationMemory.lastReaders(graph, groups, elementBytes, views)
        for (step, group) in groups.enumerated() {
            for index in group {
                let node = graph.nodes[index]
                let output = node.output.index
                if node.op.isView, let input = node.inputs.first?.index, let constant = constants[input], elementBytes[input] == elementBytes[output] {
                    constants[output] = constant
                    continue
                }
                bytes[output] = node.output.shape.count * elementBytes[output]
                // A value that only its own group reads needs no memory: the group keeps it in registers or scratch.
                existing[output] = group.count == 1 || lastReader[output] > step || index == group.last
                first[output] = step
                guard group.count == 1, let input = node.inputs.first?.index, existing[input] else { continue }
                let owner = root[input]
                let mayOverwrite = node.op.mayOverwriteFirstInput && bytes[owner] == bytes[output] && last[owner] <= step && lastReader[input] == step
                let isLastUse = !node.inputs.dropFirst().contains { root[$0.index] == owner }
                // A view in another width is a copy.
                let isView = node.op.isView && elementBytes[input] == elementBytes[output]
                if isView || (mayOverwrite && isLastUse) { root[output] = owner }
            }
            for index in group {
                for input in graph.nodes[index].inputs { last[root[input.index]] = max(last[root[input.index]], lastReader[input.index]) }
                let output = graph.nodes[index].output.index
                last[root[output]] = max(last[root[output]], lastReader[output], step)
            }
        }
        // A root may be read through a later view: its life is the longest of all its values.
        for value in 0..<graph.valueCount where existing[value] { last[root[value]] = max(last[root[value]], lastReader[value], first[value]) }

        // What is written part by part exists from its first part on.
        for (value, view) in views where view.isWritten { first[view.whole] = min(first[view.whole], first[value]) }

        let roots = (0..<graph.valueCount).filter { existing[$0] && root[$0] == $0 && views[$0] == nil }
        let placement = MemoryPlanner.place(
            roots.map { MemoryInterval(bytes: bytes[$0], first: first[$0], last: max(last[$0], first[$0])) }, alignment: alignment)
        var offsets = [Int?](repeating: nil, count: graph.valueCount)
        for (position, value) in roots.enumerated() { offsets[value] = placement.offsets[position] }
        for value in 0..<graph.valueCount where existing[value] && root[value] != value { offsets[value] = offsets[root[value]] }
        for (value, view) in views { offsets[value] = offsets[root[view.whole]].map { $0 + 4 * view.start } }
        (self.offsets, self.constants, arenaBytes, peakLiveBytes) = (offsets, constants, placement.arenaBytes, placement.peakLiveBytes)
    }

    /// The last group that reads each value; the end of the run for outputs, -1 for a value that nobody reads.
    private static func lastReaders(_ graph: Graph, _ groups: [[Int]], _ elementBytes: [Int], _ views: [Int: ChannelView]) -> [Int] {
        var lastReader = [Int](repeating: -1, count: graph.valueCount)
        for (step, group) in groups.enumerated() {
            for index in group {
                for input in graph.nodes[index].inputs { lastReader[input.index] = max(lastReader[input.index], step) }
            }
        }
        for port in graph.outputs { lastReader[port.value.index] = groups.count }
        // Whoever reads a view reads what it is a view of.
        for group in groups.reversed() {
            for index in group.reversed() {
                let node = graph.nodes[index]
                guard node.op.isView || views[node.output.index].map({ !$0.isWritten }) ?? false else { continue }
                for input in node.inputs where elementBytes[input.index] == elementBytes[node.output.index] {
                    lastReader[input.index] = max(lastReader[input.index], lastReader[node.output.index])
                }
            }
        }
        return lastReader
    }
}

extension Op {
    /// The output is the input's bytes under another shape; a backend does nothing for it.
    package var isView: Bool {
        if case .reshape = self { true } else { false }
    }

    /// Every element of the output depends on the elements of the first input at the same place, pixel or (norms) image only, so a backend may write over them.
    package var mayOverwriteFirstInput: Bool {
        switch self {
        case .activation, .add, .batchNorm, .boxRefinement, .groupNorm, .layerNorm, .layerScale, .multiply, .rmsNorm, .softmax: true
        case .attention, .averagePool2D, .concat, .conv2D, .depthToSpace, .depthwiseConv2D, .depthwisePointwise, .dequantize, .distributionStatistics,
            .distributionToBox, .globalAveragePool, .linear, .matMul, .maxPool2D, .multiScaleDeformableAttention, .pad, .quantize, .reshape, .resize,
            .sineEmbedding, .slice, .squeezeExcitation, .topKGather, .windowedAttention:
            false
        }
    }
}

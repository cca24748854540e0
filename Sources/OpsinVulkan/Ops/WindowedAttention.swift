package import OpsinGraph

extension WindowedAttention: VulkanOp {
    /// The kernels of Attention, with a window for an image.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let q = node.inputs[0].shape, across = q.w / windowWidth, tokens = windowHeight * windowWidth
        var bias: BufferView?
        if let positionBias { bias = try plan.parameters(positionBias, quads: (positionBias.count + 3) / 4) }
        let windows = AttentionDispatch.Windows(rows: windowHeight, columns: windowWidth, across: across, bias: bias)
        let dispatch = AttentionDispatch(
            images: q.n * (q.h / windowHeight) * across, queries: tokens, keys: tokens, heads: heads, keyValueHeads: heads, headSize: q.c / heads,
            valueSize: q.c / heads, scale: scale, windows: windows)
        try dispatch.lower(node, plan)
    }
}

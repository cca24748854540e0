package import OpsinGraph

extension Attention: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (q, k, y) = (node.inputs[0].shape, node.inputs[1].shape, node.output.shape)
        let dispatch = AttentionDispatch(
            images: q.n, queries: q.h * q.w, keys: k.h * k.w, heads: heads, keyValueHeads: keyValueHeads, headSize: q.c / heads, valueSize: y.c / heads,
            scale: scale, windows: nil)
        try dispatch.lower(node, plan)
    }
}

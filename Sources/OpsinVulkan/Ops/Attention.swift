package import OpsinGraph

extension Attention: VulkanOp {
    /// A workgroup a query and head.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (q, k, y) = (node.inputs[0].shape, node.inputs[1].shape, node.output.shape)
        let (headSize, valueSize) = (q.c / heads, y.c / heads)
        let shader = AttentionShader(
            storage: plan.storage, headSize: try word(headSize), valueSize: try word(valueSize), images: try word(q.n), queries: try word(q.h * q.w),
            keys: try word(k.h * k.w), heads: try word(heads), keyValueHeads: try word(keyValueHeads), scale: scale)
        let shared = (headSize + 2 * Int(shader.local)) * 4
        guard shared <= plan.device.info.limits.sharedMemory, valueSize <= 64 * Int(shader.local) else {
            throw VulkanError(
                .unsupported,
                "heads of \(headSize)/\(valueSize) channels need \(shared) bytes of shared memory, \(plan.device.info.limits.sharedMemory) are there")
        }
        let views = [try plan.view(node.inputs[0]), try plan.view(node.inputs[1]), try plan.view(node.inputs[2]), try plan.view(node.output)]
        try plan.dispatch(shader, views, workgroups: q.pixels * heads)
    }
}

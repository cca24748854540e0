package import OpsinGraph

extension Attention: VulkanOp {
    /// A workgroup a query and head.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (q, k, y) = (node.inputs[0].shape, node.inputs[1].shape, node.output.shape)
        let (headSize, valueSize) = (q.c / heads, y.c / heads)
        let inQuads = headSize % 4 == 0 && valueSize % 4 == 0 && headSize <= 128 && valueSize <= 128
        if Product.handsWeightsRound(plan.device), inQuads { return try lowerBroadcast(node, plan) }
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

    /// A lane two queries of one head: the kernel for devices whose loads are loops over lanes.
    private func lowerBroadcast(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (q, k, y) = (node.inputs[0].shape, node.inputs[1].shape, node.output.shape)
        let shader = AttentionBroadcastShader(
            storage: plan.storage, headQuads: try word(q.c / heads / 4), valueQuads: try word(y.c / heads / 4), images: try word(q.n),
            queries: try word(q.h * q.w), keys: try word(k.h * k.w), heads: try word(heads), keyValueHeads: try word(keyValueHeads), scale: scale)
        let views = [try plan.view(node.inputs[0]), try plan.view(node.inputs[1]), try plan.view(node.inputs[2]), try plan.view(node.output)]
        let blocks = (q.h * q.w + 15) / 16
        try plan.dispatch(shader, views, threads: q.n * blocks * heads * 8, local: shader.local)
    }
}

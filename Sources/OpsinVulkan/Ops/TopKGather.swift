package import OpsinGraph

extension TopKGather: VulkanOp {
    /// Three dispatches: a key a token, a workgroup an image that selects and ranks, the rows. Keys and indices are integers in memory of their own.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (scores, rows) = (node.inputs[0].shape, node.inputs[1].shape), tokens = scores.h * scores.w
        let classes =
            switch score {
            case .best: 0..<scores.c
            case .class(let index): index..<index + 1
            }
        let shared = (2 * count + 256 + 4) * 4, limit = plan.device.info.limits.sharedMemory
        guard shared <= limit else { throw VulkanError(.unsupported, "the best \(count) need \(shared) bytes of shared memory, \(limit) are there") }
        let keys = try plan.scratch(scores.n * tokens * 4), indices = try plan.scratch(scores.n * count * 4)

        let ordering = TopKKeysShader(
            storage: plan.storage, tokens: try word(scores.n * tokens), classes: try word(scores.c), from: try word(classes.lowerBound),
            to: try word(classes.upperBound))
        try plan.dispatch(ordering, [plan.view(node.inputs[0]), keys], threads: scores.n * tokens, local: ordering.local)
        let selection = TopKSelectShader(local: plan.device.info.limits.maximumInvocations < 256 ? 128 : 256, count: try word(count), tokens: try word(tokens))
        try plan.dispatch(selection, [keys, indices], groups: GroupCount(scores.n))
        let gather = GatherRowsShader(
            storage: plan.storage, images: try word(scores.n), count: try word(count), length: try word(rows.c), tokens: try word(tokens),
            repeated: rows.n == 1 ? 1 : 0)
        try plan.dispatch(gather, [plan.view(node.inputs[1]), indices, plan.view(node.output)], threads: node.output.shape.count, local: gather.local)
    }
}

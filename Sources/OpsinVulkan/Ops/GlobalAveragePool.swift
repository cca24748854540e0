package import OpsinGraph

extension GlobalAveragePool: VulkanOp {
    /// One window that is the whole map; on a large map the mean of each row, then the mean of these.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let x = node.inputs[0].shape
        let whole: SlidingWindow, row: SlidingWindow, column: SlidingWindow, rows: Shape
        do {
            (whole, rows) = (try SlidingWindow(height: x.h, width: x.w), try x.with(w: 1))
            (row, column) = (try SlidingWindow(height: 1, width: x.w), try SlidingWindow(height: x.h, width: 1))
        } catch {
            throw VulkanError(.unsupported, error.description)
        }
        guard x.h * x.w > GlobalAveragePool.mostPixelsOfAThread else { return try PoolMode.mean.lower(node, whole, plan) }
        let means = try plan.scratch(rows.count * plan.storage.byteCount)
        try PoolMode.mean.dispatch(x, plan.view(node.inputs[0]), rows, means, row, plan)
        try PoolMode.mean.dispatch(rows, means, node.output.shape, plan.view(node.output), column, plan)
    }

    /// llvmpipe leaves loops after 65,535 rounds without a word; elsewhere one thread would keep the others waiting.
    static let mostPixelsOfAThread = 16_384
}

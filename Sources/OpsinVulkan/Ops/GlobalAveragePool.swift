package import OpsinGraph

extension GlobalAveragePool: VulkanOp {
    /// One window that is the whole map.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let x = node.inputs[0].shape
        let window: SlidingWindow
        do {
            window = try SlidingWindow(height: x.h, width: x.w)
        } catch {
            throw VulkanError(.unsupported, error.description)
        }
        try PoolMode.mean.lower(node, window, plan)
    }
}

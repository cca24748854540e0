package import OpsinGraph

extension DistributionStatistics: VulkanOp {
    /// A thread a distribution.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let x = node.inputs[0].shape, rows = x.pixels * groups
        let shader = DistributionStatisticsShader(
            storage: plan.storage, rows: try word(rows), bins: try word(x.c / groups), top: try word(top))
        try plan.dispatch(shader, [plan.view(node.inputs[0]), plan.view(node.output)], threads: rows, local: shader.local)
    }
}

package import OpsinGraph

extension AveragePool2D: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        try (countIncludesPadding ? PoolMode.meanOfWindow : .mean).lower(node, window, plan)
    }
}

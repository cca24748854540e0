package import OpsinGraph

extension MaxPool2D: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) { try PoolMode.max.lower(node, window, plan) }
}

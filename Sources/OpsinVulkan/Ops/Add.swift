package import OpsinGraph

extension Add: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) { try BinaryOperation.add.lower(node, activation, plan) }
}

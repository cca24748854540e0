package import OpsinGraph

extension Multiply: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) { try BinaryOperation.multiply.lower(node, .identity, plan) }
}

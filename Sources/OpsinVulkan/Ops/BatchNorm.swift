package import OpsinGraph

extension BatchNorm: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) { try channelAffine(node, scale: scale, shift: shift, plan) }
}

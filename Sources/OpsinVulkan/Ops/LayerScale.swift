package import OpsinGraph

extension LayerScale: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) { try channelAffine(node, scale: gamma, shift: [], plan) }
}

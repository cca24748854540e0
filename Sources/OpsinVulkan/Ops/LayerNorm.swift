package import OpsinGraph

extension LayerNorm: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        try norm(node, images: node.output.shape.pixels, pixels: 1, groups: 1, weight: weight, bias: bias, epsilon: epsilon, plan)
    }
}

package import OpsinGraph

extension GroupNorm: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let shape = node.output.shape
        try norm(node, images: shape.n, pixels: shape.h * shape.w, groups: groups, weight: weight, bias: bias, epsilon: epsilon, plan)
    }
}

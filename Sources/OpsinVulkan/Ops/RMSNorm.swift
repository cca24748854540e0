package import OpsinGraph

extension RMSNorm: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let shape = node.output.shape
        let shader = RmsNormShader(
            storage: plan.storage, reduction: plan.device.traits.reduction, pixels: try word(shape.pixels), channels: try word(shape.c), epsilon: epsilon)
        let views = [try plan.view(node.inputs[0]), try plan.parameters(weight, quads: 0), try plan.view(node.output)]
        try plan.dispatch(shader, views, workgroups: shape.pixels)
    }
}

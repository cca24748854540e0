package import OpsinGraph

extension Softmax: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let shape = node.output.shape
        let shader = SoftmaxShader(
            storage: plan.storage, reduction: plan.device.traits.reduction, pixels: try word(shape.pixels), channels: try word(shape.c))
        try plan.dispatch(shader, [plan.view(node.inputs[0]), plan.view(node.output)], workgroups: shape.pixels)
    }
}

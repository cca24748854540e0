package import OpsinGraph

extension BoxRefinement: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (y, reference) = (node.output.shape, node.inputs[1].shape)
        let shader = BoxRefinementShader(
            storage: plan.storage, size: try word(reference.c), images: try word(y.n), boxes: try word(y.h * y.w), repeated: reference.n == 1 ? 1 : 0,
            epsilon: epsilon)
        try plan.dispatch(shader, [plan.view(node.inputs[0]), plan.view(node.inputs[1]), plan.view(node.output)], threads: y.pixels, local: shader.local)
    }
}

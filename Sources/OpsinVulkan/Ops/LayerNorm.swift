package import OpsinGraph

extension LayerNorm: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let y = node.output.shape
        if plan.device.traits.isProcessor, y.c % 4 == 0, y.pixels >= 8 {
            let shader = NormRowsShader(storage: plan.storage, pixels: try word(y.pixels), channels: try word(y.c), epsilon: epsilon)
            let views = [
                try plan.view(node.inputs[0]), try plan.parameters(weight, quads: 0), try plan.parameters(bias, quads: 0), try plan.view(node.output),
            ]
            return try plan.dispatch(shader, views, threads: y.pixels, local: shader.local)
        }
        try norm(node, images: y.pixels, pixels: 1, groups: 1, weight: weight, bias: bias, epsilon: epsilon, plan)
    }
}

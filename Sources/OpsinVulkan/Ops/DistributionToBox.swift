package import OpsinGraph

extension DistributionToBox: VulkanOp {
    /// Two threads a box.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let rows = node.output.shape.pixels
        let shader = DistributionToBoxShader(storage: plan.storage, rows: try word(rows), bins: try word(distances.count), scale: scale)
        let views = [
            try plan.view(node.inputs[0]), try plan.view(node.inputs[1]), try plan.parameters(distances, quads: 0), try plan.view(node.output),
        ]
        try plan.dispatch(shader, views, threads: 2 * rows, local: shader.local)
    }
}

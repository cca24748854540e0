package import OpsinGraph

extension Reshape: VulkanOp {
    /// Nothing where the memory plan gave output and input the same bytes. Where they are stored in different widths it is the conversion, one thread per four
    /// elements.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (try plan.view(node.inputs[0]), try plan.view(node.output))
        guard x.offset != y.offset else { return }
        let quads = (node.output.shape.count + 3) / 4
        let source: ConvertShader.Source = plan.storage(of: node.inputs[0]) == .f32 ? .f32 : .f16
        let shader = ConvertShader(storage: plan.storage, source: source, quads: try word(quads))
        try plan.dispatch(shader, [x, y], threads: quads, local: shader.local)
    }
}

package import OpsinGraph

extension MultiScaleDeformableAttention: VulkanOp {
    /// References: in fp16 a place on a map of 134 columns is off by a tenth of a pixel.
    package var wideInputs: Set<Int> { [3] }

    /// One thread per four channels of a head of a query.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (value, y, r) = (node.inputs[0].shape, node.output.shape, node.inputs[3].shape)
        let size = value.c / heads, (areBoxes, step) = references(r.c)
        let shader = MultiScaleDeformableAttentionShader(
            storage: plan.storage, heads: try word(heads), size: try word(size), points: try word(points), boxes: areBoxes, images: try word(y.n),
            queries: try word(y.h * y.w), tokens: try word(tokens), stride: try word(r.c), step: try word(step), repeated: r.n == 1 ? 1 : 0)
        var views: [BufferView] = []
        for input in node.inputs { views.append(try plan.view(input)) }
        views.append(try plan.parameters(table, quads: 2 * points))
        views.append(try plan.view(node.output))
        try plan.dispatch(shader, views, threads: y.pixels * heads * ((size + 3) / 4), local: shader.local)
    }

    /// Two quads a point: width, height and first token of its map, factor of an offset in a box; its level.
    private var table: [Float] {
        var numbers: [Float] = [], first = 0
        for (index, level) in levels.enumerated() {
            for _ in 0..<level.points {
                numbers += [Float(level.width), Float(level.height), Float(first), 0.5 / Float(level.points), Float(index), 0, 0, 0]
            }
            first += level.height * level.width
        }
        return numbers
    }
}

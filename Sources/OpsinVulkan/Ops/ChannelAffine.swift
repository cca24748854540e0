internal import OpsinGraph

/// `y = x * scale[c] + shift[c]`: what a batch norm and a layer scale are at run time.
func channelAffine(_ node: Graph.Node, scale: [Float], shift: [Float], _ plan: VulkanPlanBuilder) throws(VulkanError) {
    let shape = node.output.shape, quads = (shape.c + 3) / 4
    let shader = ChannelAffineShader(storage: plan.storage, channels: try word(shape.c), pixels: try word(shape.pixels))
    let views = [
        try plan.view(node.inputs[0]), try plan.parameters(scale, quads: quads), try plan.parameters(shift, quads: quads), try plan.view(node.output),
    ]
    try plan.dispatch(shader, views, threads: shape.pixels * quads, local: shader.local)
}

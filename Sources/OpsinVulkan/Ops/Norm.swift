internal import OpsinGraph

/// A norm over the `pixels` of each of `images` and the channels of each of `groups`, a workgroup a group.
func norm(
    _ node: Graph.Node, images: Int, pixels: Int, groups: Int, weight: [Float], bias: [Float], epsilon: Float, _ plan: VulkanPlanBuilder
) throws(VulkanError) {
    let channels = node.output.shape.c
    let shader = NormShader(
        storage: plan.storage, reduction: plan.device.traits.reduction, images: try word(images), pixels: try word(pixels), groups: try word(groups),
        channels: try word(channels), epsilon: epsilon)
    let views = [try plan.view(node.inputs[0]), try plan.parameters(weight, quads: 0), try plan.parameters(bias, quads: 0), try plan.view(node.output)]
    try plan.dispatch(shader, views, workgroups: images * groups)
}

package import OpsinGraph

extension Pad: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (node.inputs[0].shape, node.output.shape)
        let shader = PadShader(
            storage: plan.storage, images: try word(x.n), height: try word(x.h), width: try word(x.w), channels: try word(x.c), outHeight: try word(y.h),
            outWidth: try word(y.w), top: try word(padding.top), left: try word(padding.left), value: value)
        try plan.dispatch(shader, [plan.view(node.inputs[0]), plan.view(node.output)], threads: y.count, local: shader.local)
    }
}

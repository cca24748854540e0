package import OpsinGraph

extension DepthwiseConv2D: VulkanOp {
    /// One thread per four channels of a strip of a row.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (node.inputs[0].shape, node.output.shape)
        let quads = (channels + 3) / 4
        // [KERNEL_H, KERNEL_W, 4 * quads]: one input channel a group.
        let taps = window.height * window.width
        let weights = try plan.weights(of: filter, "columns", count: taps * quads * 4) {
            filter.columns(outputs: channels, inputs: 1, taps: taps, padded: quads * 4)
        }
        let bias = try plan.parameters(filter.bias ?? [], quads: quads)
        let tile = DepthwiseConv2D.tile(y, isCPU: plan.device.info.kind == .cpu)
        let shader = DepthwiseConv2dShader(
            storage: plan.storage, tile: tile, kernelH: try word(window.height), kernelW: try word(window.width), strideX: try word(window.strideX),
            adjacent: window.dilationX == 1 && window.width <= 9, aligned: channels % 4 == 0, function: epilogue.activation.number,
            slope: epilogue.activation.slope, residual: epilogue.residual.number, images: try word(y.n), height: try word(x.h), width: try word(x.w),
            outHeight: try word(y.h), outWidth: try word(y.w), channels: try word(channels), strideY: try signed(window.strideY),
            dilationY: try signed(window.dilationY), dilationX: try signed(window.dilationX), padTop: try signed(window.padding.top),
            padLeft: try signed(window.padding.left))
        let residual = try plan.view(node.inputs[node.inputs.count > 1 ? 1 : 0])
        let strips = (y.w + Int(tile.w) - 1) / Int(tile.w)
        let views = [try plan.view(node.inputs[0]), weights, bias, residual, try plan.view(node.output)]
        try plan.dispatch(shader, views, threads: y.n * y.h * strips * quads, local: shader.local)
    }

    /// Neighbours in a row share loads in a thread where enough threads are left; on a CPU loads are all that counts.
    static func tile(_ y: Shape, isCPU: Bool) -> DepthwiseConv2dShader.Tile { y.w >= 4 && (isCPU || y.count >= 1 << 16) ? .w4h1 : .w1h1 }
}

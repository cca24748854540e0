package import OpsinGraph

extension DepthwiseConv2D: VulkanOp {
    /// One thread per four channels of a tile of outputs.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (node.inputs[0].shape, node.output.shape)
        let quads = (channels + 3) / 4
        // [KERNEL_H, KERNEL_W, 4 * quads]: one input channel a group.
        let taps = window.height * window.width
        let weights = try plan.weights(of: filter, "columns", count: taps * quads * 4) {
            filter.columns(outputs: channels, inputs: 1, taps: taps, padded: quads * 4)
        }
        let bias = try plan.parameters(filter.bias ?? [], quads: quads)
        let (rows, columns) = (Interleaving(window.strideY, window.dilationY), Interleaving(window.strideX, window.dilationX))
        let residual = try plan.view(node.inputs[node.inputs.count > 1 ? 1 : 0])
        let views = [try plan.view(node.inputs[0]), weights, bias, residual, try plan.view(node.output)]
        switch kernel(y, plan.device) {
        case .handedRound: return try lowerBroadcast(node, views, plan)
        case .staged:
            guard let tile = StagedTile.fitting(window, sharedMemory: plan.device.info.limits.sharedMemory) else { break }
            return try lowerStaged(tile, node, views, plan)
        case .direct: break
        }
        let tile = DepthwiseConv2D.tile(y, rows, columns, isProcessor: plan.device.traits.isProcessor)
        let shader = DepthwiseConv2dShader(
            storage: plan.storage, tile: tile, kernelH: try word(window.height), kernelW: try word(window.width), stepX: try word(columns.step),
            stepY: try word(rows.step), narrow: window.width <= 9, aligned: channels % 4 == 0, function: epilogue.activation.number,
            slope: epilogue.activation.slope, residual: epilogue.residual.number, images: try word(y.n), height: try word(x.h), width: try word(x.w),
            outHeight: try word(y.h), outWidth: try word(y.w), channels: try word(channels), gapY: try word(rows.gap), gapX: try word(columns.gap),
            strideY: try signed(window.strideY), strideX: try signed(window.strideX), dilationY: try signed(window.dilationY),
            dilationX: try signed(window.dilationX), padTop: try signed(window.padding.top), padLeft: try signed(window.padding.left))
        let tiles = rows.tiles(y.h, of: Int(tile.h)) * columns.tiles(y.w, of: Int(tile.w))
        try plan.dispatch(shader, views, threads: y.n * tiles * quads, local: shader.local)
    }

    /// The kernel that the device's traits choose.
    private func kernel(_ y: Shape, _ device: Device) -> DepthwiseKernel {
        if let forced = device.traits.depthwise { return forced }
        if device.traits.handsRound, window.width <= 8, window.height * window.width <= 49 { return .handedRound }
        return device.traits.stagesDepthwise && StagedTile.pays(window, y) ? .staged : .direct
    }

    /// Adds `depthwise_broadcast.comp`, the kernel for devices whose loads are loops over lanes.
    private func lowerBroadcast(_ node: Graph.Node, _ views: [BufferView], _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (node.inputs[0].shape, node.output.shape), quads = (channels + 3) / 4
        let (rows, columns) = (Interleaving(window.strideY, window.dilationY), Interleaving(window.strideX, window.dilationX))
        let (tile, blocks) = DepthwiseConv2D.broadcastTile(y, rows, columns, window)
        let shader = DepthwiseBroadcastShader(
            storage: plan.storage, tile: tile, kernelH: try word(window.height), kernelW: try word(window.width), stepX: try word(columns.step),
            stepY: try word(rows.step), aligned: channels % 4 == 0, function: epilogue.activation.number, slope: epilogue.activation.slope,
            residual: epilogue.residual.number, images: try word(y.n), height: try word(x.h), width: try word(x.w), outHeight: try word(y.h),
            outWidth: try word(y.w), channels: try word(channels), gapY: try word(rows.gap), gapX: try word(columns.gap),
            strideY: try signed(window.strideY), strideX: try signed(window.strideX), dilationY: try signed(window.dilationY),
            dilationX: try signed(window.dilationX), padTop: try signed(window.padding.top), padLeft: try signed(window.padding.left))
        try plan.dispatch(shader, views, threads: blocks * 8 * quads, local: shader.local)
    }

    /// Neighbours share loads in a thread where enough threads are left; on a CPU loads are all that counts.
    static func tile(_ y: Shape, _ rows: Interleaving, _ columns: Interleaving, isProcessor: Bool) -> DepthwiseConv2dShader.Tile {
        guard y.w >= 4 * columns.gap, isProcessor || y.count >= 1 << 16 else { return .w1h1 }
        return !isProcessor && y.h >= 2 * rows.gap && y.count >= 1 << 19 ? .w4h2 : .w4h1
    }

    /// The tile of `depthwise_broadcast.comp` whose subgroups of eight load least together, and how many subgroups a quad of channels takes. At most 36 loads
    /// a tile, which are unrolled: llvmpipe compiles more of them for a second.
    static func broadcastTile(
        _ y: Shape, _ rows: Interleaving, _ columns: Interleaving, _ window: SlidingWindow
    ) -> (DepthwiseBroadcastShader.Tile, blocks: Int) {
        func blocks(_ tile: DepthwiseBroadcastShader.Tile) -> Int { (y.n * rows.tiles(y.h, of: Int(tile.h)) * columns.tiles(y.w, of: Int(tile.w)) + 7) / 8 }
        func reads(_ tile: DepthwiseBroadcastShader.Tile) -> Int {
            (rows.step * (Int(tile.h) - 1) + window.height) * (columns.step * (Int(tile.w) - 1) + window.width)
        }
        let less = blocks(.w4h4) * (reads(.w4h4) + window.height) < blocks(.w4h2) * (reads(.w4h2) + window.height)
        let tile: DepthwiseBroadcastShader.Tile = less && reads(.w4h4) <= 36 ? .w4h4 : .w4h2
        return (tile, blocks(tile))
    }

    /// Which outputs along one side have windows that share inputs: those that are `gap` apart, and their windows are `step` taps apart.
    struct Interleaving {
        let gap: Int
        let step: Int

        init(_ stride: Int, _ dilation: Int) {
            var (a, b) = (stride, dilation)
            while b != 0 { (a, b) = (b, a % b) }
            (gap, step) = (dilation / a, stride / a)
        }

        /// Tiles of `count` outputs along a side of `size`, as the shader counts them.
        func tiles(_ size: Int, of count: Int) -> Int { (size + gap * count - 1) / (gap * count) * gap }
    }
}

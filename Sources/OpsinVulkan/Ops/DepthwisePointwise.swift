package import OpsinGraph

extension DepthwisePointwise: VulkanOp {
    /// The tiled product, whose threads convolve what they load.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (node.inputs[0].shape, node.output.shape), window = depthwise.window
        let (tile, splits) = DepthwisePointwise.tile(rows: y.pixels, columns: y.c, depth: x.c, workgroups: plan.device.traits.workgroups)
        let product = Product(node: node, filter: pointwise.filter, epilogue: pointwise.epilogue, window: nil)
        let panels = (y.c + Int(tile.h) - 1) / Int(tile.h), quads = (x.c + 3) / 4
        let shader = DepthwisePointwiseShader(
            storage: plan.storage, tile: tile, kernelH: try word(window.height), kernelW: try word(window.width), channels: try word(x.c),
            outputs: try word(y.c), function: pointwise.epilogue.activation.number, slope: pointwise.epilogue.activation.slope,
            residual: pointwise.epilogue.residual.number, depthwiseFunction: depthwise.epilogue.activation.number,
            depthwiseSlope: depthwise.epilogue.activation.slope, splits: try word(splits), pixels: try word(y.pixels), height: try word(x.h),
            width: try word(x.w), outHeight: try word(y.h), outWidth: try word(y.w), strideY: try signed(window.strideY), strideX: try signed(window.strideX),
            dilationY: try signed(window.dilationY), dilationX: try signed(window.dilationX), padTop: try signed(window.padding.top),
            padLeft: try signed(window.padding.left))
        let width = Int(tile.h), taps = window.height * window.width
        let weights = try plan.weights(of: pointwise.filter, "panels of \(width)", count: panels * width * quads * 4) {
            pointwise.filter.panels(outputs: y.c, inputs: x.c, taps: 1, width: width)
        }
        var views = try product.views(plan, weights, quads: panels * Int(tile.h) / 4)
        views[5] = try plan.weights(of: depthwise.filter, "depthwise columns", count: taps * quads * 4) {
            depthwise.filter.columns(outputs: x.c, inputs: 1, taps: taps, padded: quads * 4)
        }
        views.append(try plan.parameters(depthwise.filter.bias ?? [], quads: quads))
        let groups = (y.pixels + Int(tile.w) - 1) / Int(tile.w) * panels
        try product.dispatch(shader, views, groups: groups, splits: splits, quads: panels * Int(tile.h) / 4, plan)
    }

    /// Each panel of outputs convolves again. Two may, as long as there are few taps; more may where all that they load again comes from a GPU's first-level
    /// caches in the time that a dispatch and its barrier take: of 256 workgroups 28 TB/s, 4 us (a guess for a large card, scaled by its workgroups).
    static func pays(_ op: DepthwisePointwise, _ y: Shape, workgroups: Int) -> Bool {
        let taps = op.depthwise.window.height * op.depthwise.window.width, channels = op.depthwise.channels
        guard taps <= 25 else { return false }
        let tile = tile(rows: y.pixels, columns: y.c, depth: channels, workgroups: workgroups).0
        let panels = (y.c + Int(tile.h) - 1) / Int(tile.h), again = (panels - 1) * taps * y.pixels * channels
        return y.c <= 64 || again <= workgroups << 17
    }

    /// As `ProductKernel.forGPU`, without the tile for few pixels.
    static func tile(rows: Int, columns: Int, depth: Int, workgroups: Int) -> (DepthwisePointwiseShader.Tile, splits: Int) {
        switch ProductKernel.forGPU(rows: rows, columns: columns, depth: depth, workgroups: workgroups) {
        case .tiled(.w128h64, let splits): (.w128h64, splits)
        case .tiled(.w64h64, let splits): (.w64h64, splits)
        case .tiled(_, let splits): (.w32h32, splits)
        default: (.w32h32, 1)
        }
    }
}

extension KernelTraits {
    /// `graph` with what pays as one op here.
    ///
    /// llvmpipe (AMD EPYC, 2 threads, fp32): depthwise and pointwise in one dispatch take 4 to 6 times as long as in two, since barriers and shared memory
    /// are loops there. A gate in the convolution gains or costs nothing where its outputs are one or two tiles of 32; at three, each of which gates again, it
    /// loses.
    func fused(_ graph: Graph) -> Graph {
        graph.fusedForGPU(
            gates: { !isProcessor || $0.outputChannels <= 64 }, where: { tilesProducts && DepthwisePointwise.pays($0, $1, workgroups: workgroups) })
    }
}

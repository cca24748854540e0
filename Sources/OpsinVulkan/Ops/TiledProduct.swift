internal import OpsinGraph

extension Product {
    /// The kernel that stages both factors in shared memory.
    func lowerTiled(_ tile: Conv2dTiledShader.Tile, splits: Int, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let y = node.output.shape
        let panels = (y.c + Int(tile.h) - 1) / Int(tile.h), quads = panels * Int(tile.h) / 4
        let weights = try self.weights(inPanelsOf: Int(tile.h), plan)
        let g = try geometry()
        let shader = Conv2dTiledShader(
            storage: plan.storage, tile: tile, kernelH: g.kernelH, kernelW: g.kernelW, channels: g.channels, outputs: g.outputs, function: g.function,
            slope: g.slope, residual: g.residual, gated: hasGate, splits: try word(splits), pixels: g.pixels, height: g.height, width: g.width,
            outHeight: g.outHeight, outWidth: g.outWidth, strideY: g.strideY, strideX: g.strideX, dilationY: g.dilationY, dilationX: g.dilationX,
            padTop: g.padTop, padLeft: g.padLeft)
        let groups = (y.pixels + Int(tile.w) - 1) / Int(tile.w) * panels
        try dispatch(shader, views(plan, weights, quads: quads), groups: groups, splits: splits, quads: quads, plan)
    }

    /// The same for subgroups that multiply matrices, four of them a workgroup; fp16 storage only.
    func lowerMatrices(_ matrices: Matrices, splits: Int, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let y = node.output.shape, side = Product.matrixTile, panels = (y.c + side - 1) / side, quads = panels * side / 4
        let weights = try self.weights(inPanelsOf: side, plan)
        let g = try geometry(), subgroup = try word(plan.device.info.limits.subgroupSize)
        let shader = Conv2dCoopmatShader(
            matrices: matrices, local: 4 * subgroup, subgroup: subgroup, kernelH: g.kernelH, kernelW: g.kernelW, channels: g.channels, outputs: g.outputs,
            function: g.function, slope: g.slope, residual: g.residual, gated: hasGate, splits: try word(splits), pixels: g.pixels, height: g.height,
            width: g.width, outHeight: g.outHeight, outWidth: g.outWidth, strideY: g.strideY, strideX: g.strideX, dilationY: g.dilationY,
            dilationX: g.dilationX, padTop: g.padTop, padLeft: g.padLeft)
        let groups = (y.pixels + side - 1) / side * panels
        try dispatchReduced(shader, views(plan, weights, quads: quads), groups: groups, splits: splits, quads: quads, plan)
    }

    /// Pixels and outputs of a workgroup of `conv2d_coopmat.comp`.
    static let matrixTile = 64

    /// Adds `groups` tiles of a product whose depth so many workgroups share; the last one to end adds their sums up. `views` are the shader's but for those of
    /// the sums and of the counters, which come last.
    func dispatch(
        _ shader: some Shader, _ views: [BufferView], groups: Int, splits: Int, quads: Int, _ plan: VulkanPlanBuilder
    ) throws(VulkanError) {
        // Nothing is written to the sums and counters of one split, which must be bound.
        guard splits > 1 else { return try plan.dispatch(shader, views + [views[4], views[4]], workgroups: groups) }
        let sums = try plan.scratch(splits * node.output.shape.pixels * quads * 16)
        try plan.dispatch(shader, views + [sums, plan.counters(groups)], workgroups: groups * splits)
    }

    /// The same where a second dispatch adds the sums up: `conv2d_coopmat.comp`, in whose memory model a device-wide order is a feature of its own.
    func dispatchReduced(
        _ shader: some Shader, _ views: [BufferView], groups: Int, splits: Int, quads: Int, _ plan: VulkanPlanBuilder
    ) throws(VulkanError) {
        let y = node.output.shape, (bias, residual, output) = (views[2], views[3], views[4])
        guard splits > 1 else { return try plan.dispatch(shader, views + [output], workgroups: groups) }
        let sums = try plan.scratch(splits * y.pixels * quads * 16)
        var parts = views
        parts[4] = sums
        try plan.dispatch(shader, parts + [sums], workgroups: groups * splits)
        let reduce = Conv2dReduceShader(
            storage: plan.storage, outputs: try word(y.c), function: epilogue.activation.number, slope: epilogue.activation.slope,
            residual: epilogue.residual.number, splits: try word(splits), pixels: try word(y.pixels), pitch: try word(quads))
        try plan.dispatch(reduce, [sums, bias, residual, output], threads: y.pixels * ((y.c + 3) / 4), local: reduce.local)
    }
}

extension ProductKernel {
    /// The largest tile of which there are enough to fill the device; where there are too few of any, the depth is split until there are.
    package static func forGPU(rows: Int, columns: Int, depth: Int, workgroups: Int) -> ProductKernel {
        func groups(_ tile: Conv2dTiledShader.Tile) -> Int {
            ((rows + Int(tile.w) - 1) / Int(tile.w)) * ((columns + Int(tile.h) - 1) / Int(tile.h))
        }
        for tile in [Conv2dTiledShader.Tile.w128h64, .w64h64] where columns > 32 && groups(tile) >= workgroups { return .tiled(tile, splits: 1) }
        let tile = rows <= 16 ? Conv2dTiledShader.Tile.w8h32 : .w32h32, width = Int(tile.h)
        return .tiled(
            tile, splits: splits(of: groups(tile), sums: rows * ((columns + width - 1) / width * width), depth: depth, workgroups: workgroups))
    }

    /// The same for matrices, nil where a product is too narrow to fill them.
    package static func matrices(_ matrices: Matrices, rows: Int, columns: Int, depth: Int, workgroups: Int) -> ProductKernel? {
        guard rows >= 32, columns >= 16, depth >= 16 else { return nil }
        let side = Product.matrixTile, panels = (columns + side - 1) / side, groups = (rows + side - 1) / side * panels
        return .matrices(matrices, splits: splits(of: groups, sums: rows * panels * side, depth: depth, workgroups: workgroups))
    }

    /// Into how many parts the depth is cut: each has at least 64 channels to sum, so that its loads outweigh its sums' way through memory, and all sums fit
    /// into the plan's scratch.
    private static func splits(of groups: Int, sums: Int, depth: Int, workgroups: Int) -> Int {
        max(1, min((workgroups + groups - 1) / groups, depth / 64, VulkanPlanBuilder.mostOptionalScratch / (4 * sums), 32))
    }
}

package import OpsinGraph

/// The outputs and quads of channels of a workgroup of `depthwise_staged.comp`.
package struct StagedTile: Sendable, Equatable {
    package let height: Int
    package let width: Int
    package let quads: Int

    /// Threads of a workgroup: each makes 4 x 2 outputs of a quad.
    package var threads: Int { height / 2 * (width / 4) * quads }

    /// Bytes of shared memory: what the windows cover, and the weights.
    package func sharedBytes(_ window: SlidingWindow) -> Int {
        (region(window) + window.height * window.width) * quads * 16
    }

    /// Of a device's shared memory at most 24 KiB: four workgroups then lie on a processor with 100 KiB, nine on one with 228, enough to hide the loads of one
    /// behind the sums of the others.
    package static let mostSharedBytes = 24 << 10

    /// The largest tile that fits, nil where none does: large windows that step far take fewer rows first, then fewer channels.
    package static func fitting(_ window: SlidingWindow, sharedMemory: Int) -> StagedTile? {
        let tiles = [(8, 8, 8), (4, 8, 8), (8, 8, 4), (4, 8, 4), (4, 4, 4), (2, 4, 4)].map { StagedTile(height: $0.0, width: $0.1, quads: $0.2) }
        return tiles.first { $0.sharedBytes(window) <= min(sharedMemory, mostSharedBytes) }
    }

    /// Whether it pays on a GPU that has enough shared memory: from 5 x 5 on a thread of `depthwise_conv2d.comp` loads six quads and more an output, of which
    /// its neighbours load the same; a 3 x 3 window's three come from the first-level cache as fast. Small maps are too few workgroups.
    package static func pays(_ window: SlidingWindow, _ y: Shape) -> Bool { window.height * window.width >= 25 && y.count >= 1 << 16 }
}

extension StagedTile {
    /// Pixels that the windows of a workgroup cover.
    package func region(_ window: SlidingWindow) -> Int {
        let rows = (height - 1) * window.strideY + (window.height - 1) * window.dilationY + 1
        return rows * ((width - 1) * window.strideX + (window.width - 1) * window.dilationX + 1)
    }

    /// Workgroups side by side over all images, for each slice of channels.
    package func places(_ y: Shape) -> Int { y.n * ((y.h + height - 1) / height) * ((y.w + width - 1) / width) }

    /// Slices of channels.
    package func slices(_ y: Shape) -> Int { ((y.c + 3) / 4 + quads - 1) / quads }
}

extension DepthwiseConv2D {
    /// Adds `depthwise_staged.comp`. `views` are those of `depthwise_conv2d.comp`.
    func lowerStaged(_ tile: StagedTile, _ node: Graph.Node, _ views: [BufferView], _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let y = node.output.shape, shader = try staged(tile, from: node.inputs[0].shape, to: y, plan.storage)
        try plan.dispatch(shader, views, workgroups: tile.places(y) * tile.slices(y))
    }

    /// The shader for maps of the size of `x`, of which it reads all channels.
    func staged(_ tile: StagedTile, from x: Shape, to y: Shape, _ storage: Storage) throws(VulkanError) -> DepthwiseStagedShader {
        DepthwiseStagedShader(
            storage: storage, from: .map, local: try word(tile.threads), kernelH: try word(window.height), kernelW: try word(window.width),
            strideY: try word(window.strideY), strideX: try word(window.strideX), dilationY: try word(window.dilationY),
            dilationX: try word(window.dilationX), groupH: try word(tile.height), groupW: try word(tile.width), groupQuads: try word(tile.quads),
            aligned: channels % 4 == 0, function: epilogue.activation.number, slope: epilogue.activation.slope, residual: epilogue.residual.number,
            images: try word(y.n), height: try word(x.h), width: try word(x.w), outHeight: try word(y.h), outWidth: try word(y.w),
            channels: try word(channels), padTop: try signed(window.padding.top), padLeft: try signed(window.padding.left))
    }
}

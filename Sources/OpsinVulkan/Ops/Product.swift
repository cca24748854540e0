internal import OpsinGraph

/// The convolution of any window, which a pointwise convolution and a linear layer are too: rows are output pixels, columns output channels.
struct Product {
    let node: Graph.Node
    let filter: Filter
    let epilogue: Epilogue
    /// nil: pixel by pixel.
    let window: SlidingWindow?

    /// Chooses the tile, packs the weights and adds the dispatch.
    func lower(_ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (node.inputs[0].shape, node.output.shape)
        let tile = Product.tile(rows: y.pixels, columns: y.c)
        let (height, width) = (window?.height ?? 1, window?.width ?? 1)
        let panels = (y.c + 4 * Int(tile.h) - 1) / (4 * Int(tile.h)), quads = panels * Int(tile.h)
        let weights = try plan.weights(filter.columns(outputs: y.c, inputs: x.c, taps: height * width, padded: quads * 4))
        let bias = try plan.parameters(filter.bias ?? [], quads: quads)
        let shader = Conv2dShader(
            storage: plan.storage, tile: tile, kernelH: try word(height), kernelW: try word(width), channels: try word(x.c), outputs: try word(y.c),
            function: epilogue.activation.number, slope: epilogue.activation.slope, residual: epilogue.residual.number, pixels: try word(y.pixels),
            height: try word(x.h), width: try word(x.w), outHeight: try word(y.h), outWidth: try word(y.w), strideY: try signed(window?.strideY ?? 1),
            strideX: try signed(window?.strideX ?? 1), dilationY: try signed(window?.dilationY ?? 1), dilationX: try signed(window?.dilationX ?? 1),
            padTop: try signed(window?.padding.top ?? 0), padLeft: try signed(window?.padding.left ?? 0))
        let output = try plan.view(node.output)
        // A binding must be there; without a residual nothing reads it.
        let residual = node.inputs.count > 1 ? try plan.view(node.inputs[1]) : try plan.view(node.inputs[0])
        let rows = (y.pixels + Int(tile.w) - 1) / Int(tile.w)
        try plan.dispatch(shader, [plan.view(node.inputs[0]), weights, bias, residual, output], threads: rows * panels, local: shader.local)
    }

    /// Pixels and quads of channels of one thread: large where there is work for thousands of threads even so.
    static func tile(rows: Int, columns: Int) -> Conv2dShader.Tile {
        if rows * columns >= 4096 * 32 { return .w4h2 }
        return rows >= 8 && columns % 8 != 0 ? .w8h1 : .w1h1
    }
}

extension Epilogue.Residual {
    /// The number of `epilogue.glsl`.
    var number: UInt32 {
        switch self {
        case .none: 0
        case .afterActivation: 1
        case .beforeActivation: 2
        }
    }
}

extension Filter {
    /// Effective weights `[tap][input][output]`, each row of outputs filled up with zeros to `padded`.
    func columns(outputs: Int, inputs: Int, taps: Int, padded: Int) -> [Float] {
        let stored = constant.floats()
        var columns = [Float](repeating: 0, count: taps * inputs * padded)
        for tap in 0..<taps {
            for input in 0..<inputs {
                let row = (tap * inputs + input) * padded
                for output in 0..<outputs {
                    let at = layout == .outputFirst ? (output * inputs + input) * taps + tap : (tap * inputs + input) * outputs + output
                    columns[row + output] = stored[at] * (outputScale?[output] ?? 1) * (inputScale?[input] ?? 1)
                }
            }
        }
        return columns
    }
}

internal import OpsinGraph

/// The convolution of any window, which a pointwise convolution and a linear layer are too: rows are output pixels, columns output channels.
struct Product {
    let node: Graph.Node
    let filter: Filter
    let epilogue: Epilogue
    /// nil: pixel by pixel.
    let window: SlidingWindow?

    /// Chooses the kernel and its tile, packs the weights and adds the dispatch.
    func lower(_ plan: VulkanPlanBuilder) throws(VulkanError) {
        switch kernel(plan.device.traits, plan.storage) {
        case .plain(let tile): try lowerPlain(tile, plan)
        case .broadcast(let tile): try lowerBroadcast(tile, plan)
        case .rows: try lowerRows(plan)
        case .tiled(let tile, let splits): try lowerTiled(tile, splits: splits, plan)
        case .matrices(let matrices, let splits): try lowerMatrices(matrices, splits: splits, plan)
        }
    }

    private func kernel(_ traits: KernelTraits, _ storage: Storage) -> ProductKernel {
        let (x, y) = (node.inputs[0].shape, node.output.shape)
        // The broadcast kernel stores and gates whole quads only: elements one by one make its many outputs slow to compile.
        let inQuads = y.c % 4 == 0 && (!hasGate || x.c % 4 == 0)
        if let product = traits.product {
            if case .broadcast = product, !inQuads { return .plain(.w1h1) }
            if case .matrices(_, let splits) = product, storage == .f32 { return .tiled(.w32h32, splits: splits) }
            return product
        }
        if storage == .f16, let matrices = traits.matrices,
            let kernel = ProductKernel.matrices(matrices, rows: y.pixels, columns: y.c, depth: taps * x.c, workgroups: traits.workgroups)
        {
            return kernel
        }
        if traits.tilesProducts { return .forGPU(rows: y.pixels, columns: y.c, depth: taps * x.c, workgroups: traits.workgroups) }
        if traits.handsRound, y.pixels < 12, inQuads, x.c % 4 == 0, window == nil { return .rows }
        if traits.handsRound, y.pixels >= 12, inQuads { return .broadcast(Product.broadcastTile(rows: y.pixels, columns: y.c)) }
        return .plain(Product.tile(rows: y.pixels, columns: y.c))
    }

    /// The kernel of devices about which nothing is known.
    private func lowerPlain(_ tile: Conv2dShader.Tile, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let y = node.output.shape
        let panels = (y.c + 4 * Int(tile.h) - 1) / (4 * Int(tile.h)), quads = panels * Int(tile.h)
        let inputs = node.inputs[0].shape.c
        let weights = try plan.weights(of: filter, "columns", count: taps * inputs * quads * 4) {
            filter.columns(outputs: y.c, inputs: inputs, taps: taps, padded: quads * 4)
        }
        let g = try geometry()
        let shader = Conv2dShader(
            storage: plan.storage, tile: tile, kernelH: g.kernelH, kernelW: g.kernelW, channels: g.channels, outputs: g.outputs, function: g.function,
            slope: g.slope, residual: g.residual, gated: hasGate, pixels: g.pixels, height: g.height, width: g.width, outHeight: g.outHeight,
            outWidth: g.outWidth, strideY: g.strideY, strideX: g.strideX, dilationY: g.dilationY, dilationX: g.dilationX, padTop: g.padTop, padLeft: g.padLeft)
        let threads = (y.pixels + Int(tile.w) - 1) / Int(tile.w) * panels
        try plan.dispatch(shader, views(plan, weights, quads: quads), threads: threads, local: shader.local)
    }

    /// The kernel for devices whose loads are loops over lanes.
    private func lowerBroadcast(_ tile: Conv2dBroadcastShader.Tile, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let y = node.output.shape
        let panels = (y.c + 4 * Int(tile.h) - 1) / (4 * Int(tile.h)), quads = panels * Int(tile.h)
        let inputs = node.inputs[0].shape.c, width = 4 * Int(tile.h)
        let weights = try plan.weights(of: filter, "blocks of \(width)", count: panels * taps * ((inputs + 3) / 4 * 4) * width) {
            filter.blocks(outputs: y.c, inputs: inputs, taps: taps, width: width)
        }
        let g = try geometry()
        let gate: UInt32 = !hasGate ? 0 : y.n == 1 || (y.h * y.w) % (8 * Int(tile.w)) == 0 ? 1 : 2
        let shader = Conv2dBroadcastShader(
            storage: plan.storage, tile: tile, pointwise: window == nil, alignedIn: g.channels % 4 == 0, function: g.function,
            slope: g.slope, residual: g.residual, gate: gate, pixels: g.pixels, height: g.height, width: g.width, outHeight: g.outHeight, outWidth: g.outWidth,
            strideY: g.strideY, strideX: g.strideX, dilationY: g.dilationY, dilationX: g.dilationX, padTop: g.padTop, padLeft: g.padLeft,
            kernelH: g.kernelH, kernelW: g.kernelW, channels: g.channels, outputs: g.outputs)
        let rows = (y.pixels + 8 * Int(tile.w) - 1) / (8 * Int(tile.w))
        try plan.dispatch(shader, views(plan, weights, quads: quads), threads: rows * panels * 8, local: shader.local)
    }

    /// The kernel for few pixels on such devices.
    private func lowerRows(_ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (node.inputs[0].shape, node.output.shape)
        // Panels of what a subgroup makes: it reads them from their first to their last weight.
        let weights = try self.weights(inPanelsOf: 32, plan)
        let shader = Conv2dRowsShader(
            storage: plan.storage, tile: y.pixels == 1 ? .w1h1 : .w4h1, function: epilogue.activation.number, slope: epilogue.activation.slope,
            residual: epilogue.residual.number, gated: hasGate, pixels: try word(y.pixels), imagePixels: try word(y.h * y.w), channels: try word(x.c),
            outputs: try word(y.c))
        let rows = (y.pixels + Int(shader.tile.w) - 1) / Int(shader.tile.w)
        try plan.dispatch(shader, views(plan, weights, quads: (y.c + 31) / 32 * 8), threads: rows * ((y.c / 4 + 7) / 8 * 8), local: shader.local)
    }

    /// Pixels of one lane and quads of outputs: the larger, the fewer loads, while few outputs of the last panel are computed in vain.
    static func broadcastTile(rows: Int, columns: Int) -> Conv2dBroadcastShader.Tile {
        guard rows >= 32 else { return .w2h4 }
        if columns % 64 == 0 || columns >= 320 { return .w4h16 }
        return columns % 32 == 0 || columns >= 160 ? .w4h8 : .w4h4
    }

    /// The weights in panels of `width` outputs.
    func weights(inPanelsOf width: Int, _ plan: VulkanPlanBuilder) throws(VulkanError) -> BufferView {
        let outputs = node.output.shape.c, inputs = node.inputs[0].shape.c, padded = (outputs + width - 1) / width * width
        return try plan.weights(of: filter, "panels of \(width)", count: padded * taps * ((inputs + 3) / 4 * 4)) {
            filter.panels(outputs: outputs, inputs: inputs, taps: taps, width: width)
        }
    }

    var taps: Int { (window?.height ?? 1) * (window?.width ?? 1) }

    var hasGate: Bool { if case .conv2D(let op) = node.op { op.hasGate } else { false } }

    /// Input, weights, bias, residual, output, gate. A binding must be there; without a residual or a gate nothing reads it.
    func views(_ plan: VulkanPlanBuilder, _ weights: BufferView, quads: Int) throws(VulkanError) -> [BufferView] {
        let x = try plan.view(node.inputs[0])
        let residual = epilogue.residual == .none ? x : try plan.view(node.inputs[node.inputs.count - 1])
        let gate = hasGate ? try plan.view(node.inputs[1]) : x
        return [x, weights, try plan.parameters(filter.bias ?? [], quads: quads), residual, try plan.view(node.output), gate]
    }

    /// The numbers that both kernels take.
    func geometry() throws(VulkanError) -> Geometry {
        let (x, y) = (node.inputs[0].shape, node.output.shape)
        return Geometry(
            kernelH: try word(window?.height ?? 1), kernelW: try word(window?.width ?? 1), channels: try word(x.c), outputs: try word(y.c),
            function: epilogue.activation.number, slope: epilogue.activation.slope, residual: epilogue.residual.number, pixels: try word(y.pixels),
            height: try word(x.h), width: try word(x.w), outHeight: try word(y.h), outWidth: try word(y.w), strideY: try signed(window?.strideY ?? 1),
            strideX: try signed(window?.strideX ?? 1), dilationY: try signed(window?.dilationY ?? 1), dilationX: try signed(window?.dilationX ?? 1),
            padTop: try signed(window?.padding.top ?? 0), padLeft: try signed(window?.padding.left ?? 0))
    }

    /// Constants and push constants of a convolution, by their names in the shaders.
    struct Geometry {
        let kernelH, kernelW, channels, outputs, function: UInt32
        let slope: Float
        let residual, pixels, height, width, outHeight, outWidth: UInt32
        let strideY, strideX, dilationY, dilationX, padTop, padLeft: Int32
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

    /// Effective weights `[panel][tap][input in whole quads][width]`: each panel of outputs in one piece, filled up with zeros.
    func panels(outputs: Int, inputs: Int, taps: Int, width: Int) -> [Float] {
        let padded = (outputs + width - 1) / width * width, rows = (inputs + 3) / 4 * 4
        let columns = columns(outputs: outputs, inputs: inputs, taps: taps, padded: padded)
        var panels = [Float](repeating: 0, count: padded * taps * rows)
        for panel in 0..<padded / width {
            for tap in 0..<taps {
                for input in 0..<inputs {
                    let from = (tap * inputs + input) * padded + panel * width, to = ((panel * taps + tap) * rows + input) * width
                    for output in 0..<width { panels[to + output] = columns[from + output] }
                }
            }
        }
        return panels
    }
    /// The same in blocks of four inputs and four outputs: `[panel][tap][quad of inputs][width / 4][4 inputs][4 outputs]`.
    func blocks(outputs: Int, inputs: Int, taps: Int, width: Int) -> [Float] {
        let panels = panels(outputs: outputs, inputs: inputs, taps: taps, width: width), quads = width / 4
        var blocks = panels
        for start in stride(from: 0, to: panels.count, by: 4 * width) {
            for quad in 0..<quads {
                for input in 0..<4 {
                    for output in 0..<4 { blocks[start + (quad * 4 + input) * 4 + output] = panels[start + input * width + quad * 4 + output] }
                }
            }
        }
        return blocks
    }
}

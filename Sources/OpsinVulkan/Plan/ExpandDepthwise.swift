internal import OpsinGraph

/// A pointwise convolution and the depthwise one that alone reads it, the first half of an inverted bottleneck (`depthwise_staged.comp`): where the second half
/// cannot be one with the depthwise convolution, since a gate is computed of it or its outputs are too many.
struct ExpandDepthwise: JoinedNodes {
    let nodes: [Int]
    let expand: (filter: Filter, activation: ActivationFunction)
    let depthwise: DepthwiseConv2D
    let tile: StagedTile

    static func find(_ readers: Readers, _ traits: KernelTraits, sharedMemory: Int, besideMatrices: Bool) -> [ExpandDepthwise] {
        guard traits.stagesDepthwise else { return [] }
        let graph = readers.graph
        return graph.nodes.indices.compactMap { (index: Int) -> ExpandDepthwise? in
            let node = graph.nodes[index]
            guard case .depthwiseConv2D(let depthwise) = node.op, depthwise.epilogue.residual == .none, node.inputs.count == 1,
                let first = readers.producer(of: node.inputs[0], for: index), case .conv2D = graph.nodes[first].op,
                let expand = Projections.layer(graph.nodes[first]), let x = graph.nodes[first].inputs.first,
                readers.areAlike([x, node.inputs[0], node.output]), let tile = StagedTile.fitting(depthwise.window, sharedMemory: sharedMemory),
                pays(tile, depthwise.window, inputs: x.shape.c, node.output.shape, besideMatrices: besideMatrices, workgroups: traits.workgroups)
            else { return nil }
            return ExpandDepthwise(nodes: [first, index], expand: expand, depthwise: depthwise, tile: tile)
        }
    }

    /// Its products are a fraction as fast as those of a tile of a matrix, and more by what regions share: together they may take what the dispatch and the
    /// map's way to memory and back would, some 8 us, where a device of 256 workgroups makes 16 TFLOP/s of them (guesses for a large card, scaled by its
    /// workgroups). Where matrices would multiply instead, which takes hardly any time, half of that.
    static func pays(_ tile: StagedTile, _ window: SlidingWindow, inputs: Int, _ y: Shape, besideMatrices: Bool, workgroups: Int) -> Bool {
        window.height * window.width <= 25 && 2 * tile.places(y) * tile.region(window) * inputs * y.c <= workgroups << (besideMatrices ? 18 : 19)
    }

    func lower(_ group: [Graph.Node], _ plan: VulkanPlanBuilder) throws(VulkanError) {
        guard group.count == 2, let input = group[0].inputs.first else { return }
        let (x, y) = (input.shape, group[1].output.shape), quads = (y.c + 3) / 4, window = depthwise.window
        var shader = try depthwise.staged(tile, from: x, to: y, plan.storage)
        (shader.from, shader.inputs) = (.expansion, try word(x.c))
        (shader.expandFunction, shader.expandSlope) = (expand.activation.number, expand.activation.slope)
        shader.local = try word(min(4 * tile.threads, plan.device.info.limits.maximumInvocations / tile.threads * tile.threads))
        let taps = window.height * window.width
        let weights = try plan.weights(of: depthwise.filter, "columns", count: taps * quads * 4) {
            depthwise.filter.columns(outputs: y.c, inputs: 1, taps: taps, padded: quads * 4)
        }
        let first = try plan.weights(of: expand.filter, "one panel", count: (x.c + 3) / 4 * 4 * quads * 4) {
            expand.filter.panels(outputs: y.c, inputs: x.c, taps: 1, width: quads * 4)
        }
        // Nothing reads a residual.
        let source = try plan.view(input), bias = try plan.parameters(depthwise.filter.bias ?? [], quads: quads)
        let views = [source, weights, bias, source, try plan.view(group[1].output), first, try plan.parameters(expand.filter.bias ?? [], quads: quads)]
        try plan.dispatch(shader, views, workgroups: tile.places(y) * tile.slices(y))
    }
}

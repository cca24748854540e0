internal import OpsinGraph

/// Up to three layers of one input and equal width, with the layer norm before them where nothing else reads it, that a GPU computes in one dispatch
/// (`projections.comp`): attention's queries, keys and values, or a token's first layer behind its norm.
struct Projections: JoinedNodes {
    /// Indices into the graph's nodes: the norm first, where there is one, then the layers.
    let nodes: [Int]
    let norm: LayerNorm?
    let filters: [Filter]
    let activation: ActivationFunction

    /// The groups of `graph`.
    static func find(_ graph: Graph, widths: [Int]) -> [Projections] {
        var readers = [[Int]](repeating: [], count: graph.valueCount)
        for (index, node) in graph.nodes.enumerated() {
            for input in Set(node.inputs) { readers[input.index].append(index) }
        }
        let outputs = Set(graph.outputs.map(\.value.index))
        var found: [Projections] = [], taken = Set<Int>()
        for (index, node) in graph.nodes.enumerated() {
            guard case .layerNorm(let norm) = node.op, !outputs.contains(node.output.index),
                let group = joined(readers[node.output.index], of: node.output, graph, widths, norm: (index: index, op: norm))
            else { continue }
            found.append(group)
            taken.formUnion(group.nodes)
        }
        for value in readers.indices where readers[value].count > 1 {
            let free = readers[value].filter { !taken.contains($0) && layer(graph.nodes[$0]) != nil }
            guard free.count > 1, let input = graph.nodes[free[0]].inputs.first, let group = joined(free, of: input, graph, widths, norm: nil) else { continue }
            found.append(group)
        }
        return found
    }

    /// The group of `layers`, which read `value`; nil unless they are alike and of whole quads. A product of fewer than 16 pixels has a tile of its own.
    private static func joined(_ layers: [Int], of value: Value, _ graph: Graph, _ widths: [Int], norm: (index: Int, op: LayerNorm)?) -> Projections? {
        guard (1...3).contains(layers.count), value.shape.c % 4 == 0, value.shape.pixels >= 16 else { return nil }
        let found = layers.compactMap { layer(graph.nodes[$0]) }, shapes = Set(layers.map { graph.nodes[$0].output.shape })
        var values = [value] + layers.map { graph.nodes[$0].output }
        if let norm { values += graph.nodes[norm.index].inputs }
        guard found.count == layers.count, shapes.count == 1, shapes.allSatisfy({ $0.c % 4 == 0 }), found.allSatisfy({ $0.activation == found[0].activation }),
            Set(values.map { widths[$0.index] }).count == 1
        else { return nil }
        // The norm's weight and bias are part of the layers.
        let filters = found.map { (layer: (filter: Filter, activation: ActivationFunction)) -> Filter in
            guard let norm else { return layer.filter }
            return layer.filter.applyingInput(scale: norm.op.weight, shift: norm.op.bias)
        }
        var nodes = layers
        if let norm { nodes.insert(norm.index, at: 0) }
        return Projections(nodes: nodes, norm: norm?.op, filters: filters, activation: found[0].activation)
    }

    /// The weights of a layer that reads one value, pixel by pixel.
    static func layer(_ node: Graph.Node) -> (filter: Filter, activation: ActivationFunction)? {
        guard node.inputs.count == 1 else { return nil }
        switch node.op {
        case .linear(let op): return op.epilogue.residual == .none ? (op.filter, op.epilogue.activation) : nil
        case .conv2D(let op): return op.window.isPointwise && !op.hasGate && op.epilogue.residual == .none ? (op.filter, op.epilogue.activation) : nil
        default: return nil
        }
    }

    func lower(_ group: [Graph.Node], _ plan: VulkanPlanBuilder) throws(VulkanError) {
        guard let input = group.first?.inputs.first else { return }
        let outputs = group.suffix(filters.count).map(\.output), x = input.shape, part = outputs[0].shape.c, all = part * filters.count
        let (tile, splits) = Projections.tile(rows: x.pixels, columns: all, depth: x.c, workgroups: plan.device.traits.workgroups)
        let width = Int(tile.h), panels = (all + width - 1) / width, quads = panels * width / 4
        let key = filters.map(\.packingKey).joined(separator: "+")
        let weights = try plan.weights(of: filters[0], "projections \(key), panels of \(width)", count: panels * width * x.c) {
            Projections.panels(filters, outputs: part, inputs: x.c, width: width)
        }
        let bias = try plan.parameters(filters.flatMap { $0.bias ?? [Float](repeating: 0, count: part) }, quads: quads)
        let shader = ProjectionsShader(
            storage: plan.storage, tile: tile, channels: try word(x.c), outputs: try word(all), part: try word(part), function: activation.number,
            slope: activation.slope, normed: norm != nil, epsilon: norm?.epsilon ?? 0, splits: try word(splits), pixels: try word(x.pixels))
        var targets: [BufferView] = []
        for output in outputs { targets.append(try plan.view(output)) }
        // A binding must be there; nothing is written to a second or third output that does not exist, nor to the sums of one split.
        while targets.count < 3 { targets.append(targets[0]) }
        let groups = (x.pixels + Int(tile.w) - 1) / Int(tile.w) * panels
        let parts = splits > 1 ? [try plan.scratch(splits * x.pixels * quads * 16), try plan.counters(groups)] : [targets[0], targets[0]]
        try plan.dispatch(shader, [try plan.view(input), weights, bias] + targets + parts, workgroups: groups * splits)
    }

    /// As `ProductKernel.forGPU`, of the two tiles that the shader has.
    private static func tile(rows: Int, columns: Int, depth: Int, workgroups: Int) -> (ProjectionsShader.Tile, splits: Int) {
        switch ProductKernel.forGPU(rows: rows, columns: columns, depth: depth, workgroups: workgroups) {
        case .tiled(.w128h64, let splits), .tiled(.w64h64, let splits): (.w64h64, splits)
        case .tiled(_, let splits): (.w32h32, splits)
        default: (.w32h32, 1)
        }
    }

    /// The weights of all layers side by side, `[panel][input][width]`.
    private static func panels(_ filters: [Filter], outputs: Int, inputs: Int, width: Int) -> [Float] {
        let padded = (outputs * filters.count + width - 1) / width * width
        var panels = [Float](repeating: 0, count: padded * inputs)
        for (position, filter) in filters.enumerated() {
            let columns = filter.columns(outputs: outputs, inputs: inputs, taps: 1, padded: outputs)
            for input in 0..<inputs {
                for output in 0..<outputs {
                    let at = position * outputs + output
                    panels[(at / width * inputs + input) * width + at % width] = columns[input * outputs + output]
                }
            }
        }
        return panels
    }
}

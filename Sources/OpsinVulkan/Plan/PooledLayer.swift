internal import OpsinGraph

/// A global mean and the layer that alone reads it, with the layer norm between them where there is one (`pooled_layer.comp`): how classifiers end.
struct PooledLayer: JoinedNodes {
    let nodes: [Int]
    let norm: LayerNorm?
    let filter: Filter
    let activation: ActivationFunction

    static func find(_ readers: Readers, _ workgroups: Int) -> [PooledLayer] {
        readers.graph.nodes.indices.compactMap { index in
            guard case .globalAveragePool = readers.graph.nodes[index].op else { return nil }
            return behind(index, readers, workgroups)
        }
    }

    /// Every workgroup reads the whole map: together so much that it takes about as long as the dispatches that it saves, where a device of 256 workgroups
    /// reads 4 TB/s from its second-level cache and a dispatch takes 4 us (guesses for a large card, scaled by its workgroups).
    static func pays(_ x: Shape, outputs: Int, workgroups: Int) -> Bool {
        let quads = (x.c + 3) / 4, loads = x.h * x.w * quads
        return loads <= SqueezeExcitation.mostQuadsOfAWorkgroup && x.n * loads * ((outputs + width - 1) / width) <= workgroups << 12
    }

    private static func behind(_ pool: Int, _ readers: Readers, _ workgroups: Int) -> PooledLayer? {
        let graph = readers.graph, node = graph.nodes[pool]
        guard var last = readers.sole(of: node.output), let x = node.inputs.first else { return nil }
        var nodes = [pool], norm: LayerNorm?
        if case .layerNorm(let op) = graph.nodes[last].op, let next = readers.sole(of: graph.nodes[last].output) {
            nodes.append(last)
            (norm, last) = (op, next)
        }
        let values = [x] + (nodes + [last]).map { graph.nodes[$0].output }
        guard let layer = Projections.layer(graph.nodes[last]), readers.areAlike(values),
            pays(x.shape, outputs: graph.nodes[last].output.shape.c, workgroups: workgroups)
        else { return nil }
        let filter = norm.map { layer.filter.applyingInput(scale: $0.weight, shift: $0.bias) } ?? layer.filter
        return PooledLayer(nodes: nodes + [last], norm: norm, filter: filter, activation: layer.activation)
    }

    func lower(_ group: [Graph.Node], _ plan: VulkanPlanBuilder) throws(VulkanError) {
        guard let input = group.first?.inputs.first, let output = group.last?.output else { return }
        let x = input.shape, outputs = output.shape.c, quads = (x.c + 3) / 4, panels = (outputs + Self.width - 1) / Self.width
        let limits = plan.device.info.limits, local = Self.local(mostInvocations: limits.maximumInvocations), shared = quads * 16 + local * 20
        guard shared <= limits.sharedMemory else {
            throw VulkanError(.unsupported, "\(x.c) channels need \(shared) bytes of shared memory, \(limits.sharedMemory) are there")
        }
        let weights = try plan.weights(of: filter, "panels of \(Self.width)", count: panels * Self.width * quads * 4) {
            filter.panels(outputs: outputs, inputs: x.c, taps: 1, width: Self.width)
        }
        let shader = PooledLayerShader(
            storage: plan.storage, reduction: plan.device.traits.reduction, local: try word(local), channels: try word(x.c), outputs: try word(outputs),
            function: activation.number, slope: activation.slope, normed: norm != nil, epsilon: norm?.epsilon ?? 0, images: try word(x.n),
            pixels: try word(x.h * x.w))
        let bias = try plan.parameters(filter.bias ?? [], quads: panels * Self.width / 4)
        try plan.dispatch(shader, [try plan.view(input), weights, bias, try plan.view(output)], workgroups: x.n * panels)
    }

    /// Outputs of a workgroup: 4 * QUADS_MADE of the shader.
    private static let width = 32

    /// Threads of a workgroup: 256 where it takes so many, a power of two.
    private static func local(mostInvocations: Int) -> Int { mostInvocations >= 256 ? 256 : 128 }
}

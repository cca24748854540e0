internal import OpsinGraph

/// Which values are bf16 in memory when products have bf16 factors: those that products, depthwise convolutions, attention and what stands between
/// them (layer norms, the means and gates of squeeze and excitation) hand to each other, so that the rounding, which a product's factors need anyway, happens
/// once and half the bytes move. What is added to (residuals), normed or returned stays fp32.
enum HalfValues {
    /// The `Value.index` of each; `views` have their bytes in other values and are none.
    static func find(_ graph: Graph, precision: CPUPrecision, views: [Int: ChannelView]) -> Set<Int> {
        guard precision == .bf16, graph.quantizations.isEmpty else { return [] }
        var readers: [Int: [Graph.Node]] = [:]
        for node in graph.nodes {
            for input in node.inputs { readers[input.index, default: []].append(node) }
        }
        let kept = Set(graph.outputs.map(\.value.index)).union(views.keys).union(views.values.map(\.whole)).union(graph.float32Values)
        var found: Set<Int> = []
        for node in graph.nodes where !kept.contains(node.output.index) {
            guard canWrite(node), let readers = readers[node.output.index],
                readers.allSatisfy({ canRead($0, node.output) && !graph.requiresFloat32($0.output) })
            else { continue }
            found.insert(node.output.index)
        }
        return found
    }

    private static func canWrite(_ node: Graph.Node) -> Bool {
        switch node.op {
        case .conv2D(let op): !op.hasGate && !op.isNarrow
        case .linear, .depthwiseConv2D, .layerNorm, .multiply, .attention, .windowedAttention: true
        default: false
        }
    }

    private static func canRead(_ node: Graph.Node, _ value: Value) -> Bool {
        switch node.op {
        case .attention, .windowedAttention: return true
        default: break
        }
        guard node.inputs.first == value, !node.inputs.dropFirst().contains(value) else { return false }
        return switch node.op {
        case .conv2D(let op):
            !op.hasGate && !op.isNarrow && value.shape.c.isMultiple(of: 2)
                && Product.takesHalves(op.window.isPointwise ? nil : op.window, inputs: op.inputChannels)
        case .linear: value.shape.c.isMultiple(of: 2)
        case .depthwiseConv2D, .globalAveragePool, .multiply: true
        default: false
        }
    }
}

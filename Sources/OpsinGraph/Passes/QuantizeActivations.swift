/// A graph in which values are bytes wherever the backend computes with bytes.
///
/// A node runs on bytes when the backend has a form for it and all that it reads and makes has a known range; every other node runs as before, its reason in
/// `Graph.quantizationRefusals`. Between the two stand `Quantize` and `Dequantize`, one for all readers. The graph's outputs stay floating point.
package struct QuantizeActivations {
    private var graph: Graph
    private let ranges: (Value) -> Quantization?
    /// By node of the source: it runs on bytes.
    private var onBytes: [Bool] = []
    /// By value: what stands for it in the other form.
    private var converted: [Value: Value] = [:]

    /// What a backend says of a node whose values have these ranges: it can run on bytes; it can, and can give floating point instead; or why it cannot.
    package enum Form: Sendable {
        case bytes
        case bytesOrFloats
        case refused(String)
    }

    /// `ranges` answers what the bytes of a value would stand for; nil is unknown.
    package static func run(
        _ source: Graph, ranges: (Value) -> Quantization?, form: (Graph.Node, (Value) -> Quantization?) -> Form
    ) -> Graph {
        withoutActuallyEscaping(ranges) { ranges in
            var pass = QuantizeActivations(graph: source, ranges: { source.requiresFloat32($0) ? nil : ranges($0) })
            return pass.rewrite(source, form)
        }
    }

    private init(graph: Graph, ranges: @escaping (Value) -> Quantization?) { (self.graph, self.ranges) = (graph, ranges) }

    private mutating func rewrite(_ source: Graph, _ form: (Graph.Node, (Value) -> Quantization?) -> Form) -> Graph {
        var producer = [Int](repeating: -1, count: source.valueCount)
        for (index, node) in source.nodes.enumerated() { producer[node.output.index] = index }
        var givesFloats = [Bool](repeating: false, count: source.nodes.count)
        onBytes = [Bool](repeating: false, count: source.nodes.count)
        for (index, node) in source.nodes.enumerated() {
            let isHeld = producer[node.inputs[0].index] >= 0 && onBytes[producer[node.inputs[0].index]]
            if node.op.isView {
                onBytes[index] = isHeld
                continue
            }
            let answer = missingRange(node).map { Form.refused($0) } ?? form(node, ranges)
            switch answer {
            case .refused(let reason): graph.quantizationRefusals.append(QuantizationRefusal(node: node.name, op: node.op.name, reason: reason))
            case .bytesOrFloats: (onBytes[index], givesFloats[index]) = (true, true)
            // What only moves or adds gains nothing from bytes that have to be made first.
            case .bytes: onBytes[index] = isHeld || node.op.weighted != nil
            }
            if onBytes[index], !givesFloats[index], ranges(node.output) == nil {
                onBytes[index] = false
                graph.quantizationRefusals.append(QuantizationRefusal(node: node.name, op: node.op.name, reason: "no range is known for its output"))
            }
        }
        chooseStorage(source, givesFloats)
        graph.nodes = []
        for (index, node) in source.nodes.enumerated() { add(node, onBytes: onBytes[index]) }
        for index in graph.outputs.indices where graph.quantizations[graph.outputs[index].value.index] != nil {
            graph.outputs[index].value = floats(graph.outputs[index].value, for: graph.outputs[index].name)
        }
        return graph
    }

    private func missingRange(_ node: Graph.Node) -> String? {
        for input in node.inputs where ranges(input) == nil {
            let name = graph.valueNames.indices.contains(input.index) ? graph.valueNames[input.index] : ""
            return "no range is known for its input \(name)"
        }
        return nil
    }

    /// Which values are bytes: those of nodes on bytes, unless only others read them and the node can give floats at once.
    private mutating func chooseStorage(_ source: Graph, _ givesFloats: [Bool]) {
        var isReadAsBytes = [Bool](repeating: false, count: source.valueCount)
        for (index, node) in source.nodes.enumerated().reversed() where onBytes[index] {
            // A view is read as bytes when what it shows is.
            guard !node.op.isView || isReadAsBytes[node.output.index] || !couldBeFloats(node, source, givesFloats) else { continue }
            for input in node.inputs { isReadAsBytes[input.index] = true }
        }
        for (index, node) in source.nodes.enumerated() where onBytes[index] {
            if node.op.isView {
                graph.quantizations[node.output.index] = graph.quantizations[node.inputs[0].index]
            } else if isReadAsBytes[node.output.index] || !givesFloats[index] {
                graph.quantizations[node.output.index] = ranges(node.output)
            }
        }
        // A view of a value that stayed floating point is one too.
        for (index, node) in source.nodes.enumerated() where node.op.isView { onBytes[index] = graph.quantizations[node.output.index] != nil }
    }

    /// Whether what a view shows could come in floating point from its producer.
    private func couldBeFloats(_ view: Graph.Node, _ source: Graph, _ givesFloats: [Bool]) -> Bool {
        guard let index = source.nodes.firstIndex(where: { $0.output == view.inputs[0] }) else { return false }
        return source.nodes[index].op.isView || givesFloats[index]
    }

    private mutating func add(_ node: Graph.Node, onBytes: Bool) {
        var node = node
        for position in node.inputs.indices {
            let input = node.inputs[position]
            node.inputs[position] = onBytes ? bytes(input, for: node.name) : floats(input, for: node.name)
        }
        graph.nodes.append(node)
    }

    private mutating func bytes(_ value: Value, for reader: String) -> Value {
        guard graph.quantizations[value.index] == nil, let quantization = ranges(value) else { return value }
        return convert(value, .quantize(Quantize()), reader, quantization)
    }

    private mutating func floats(_ value: Value, for reader: String) -> Value {
        graph.quantizations[value.index] == nil ? value : convert(value, .dequantize(Dequantize()), reader, nil)
    }

    private mutating func convert(_ value: Value, _ op: Op, _ reader: String, _ quantization: Quantization?) -> Value {
        if let known = converted[value] { return known }
        let other = graph.newValue(value.shape)
        graph.quantizations[other.index] = quantization
        graph.nodes.append(Graph.Node(name: reader, op: op, inputs: [value], output: other))
        converted[value] = other
        return other
    }
}

extension Graph {
    /// Whether a node reads or makes bytes.
    package func touchesBytes(_ node: Node) -> Bool { !quantizations.isEmpty && (node.inputs + [node.output]).contains { quantizations[$0.index] != nil } }
}

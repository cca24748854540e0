/// A graph in which every value has one width in memory, and every op meets its inputs in the widths that it reads.
///
/// A backend that stores activations in fp16 keeps the values of `Graph.float32Values` in fp32. An op that reads or makes one of them runs in fp32; where
/// its other values are narrow a `Reshape` to the same shape stands between, whose input and output differ in width: the backend lowers it as a conversion.
/// A converted value is made once for all its readers. Views and slices of wide values are wide.
package struct AssignWidths {
    package private(set) var graph: Graph
    /// Bytes of an element by `Value.index`: 4, or the narrow width.
    package private(set) var elementBytes: [Int]
    /// By node of `graph`: the node of the source that it is, or whose conversion it is.
    package private(set) var origins: [Int] = []
    /// By value and width: the converted value.
    private var converted: [Value: Value] = [:]

    /// `wideInputs` answers which inputs of an op are read in fp32 whatever the op runs in (indices, positions); they do not make it run in fp32.
    package init(_ source: Graph, narrow: Int, wideInputs: (Op) -> Set<Int> = { _ in [] }) {
        graph = source
        elementBytes = (0..<source.valueCount).map { source.float32Values.contains($0) ? 4 : narrow }
        origins = Array(source.nodes.indices)
        guard narrow != 4 else { return }
        (graph.nodes, origins) = ([], [])
        for (index, node) in source.nodes.enumerated() {
            add(node, narrow: narrow, wideInputs: wideInputs(node.op))
            origins += [Int](repeating: index, count: graph.nodes.count - origins.count)
        }
    }

    private mutating func add(_ node: Graph.Node, narrow: Int, wideInputs: Set<Int>) {
        // What only moves elements keeps their width; a view into another width is a conversion as it stands.
        if node.op.isMove, elementBytes[node.inputs[0].index] == 4 { elementBytes[node.output.index] = 4 }
        guard !node.op.isView else { return graph.nodes.append(node) }
        let meetsWide = node.inputs.enumerated().contains { !wideInputs.contains($0) && elementBytes[$1.index] == 4 }
        let width = meetsWide || elementBytes[node.output.index] == 4 ? 4 : narrow
        var inputs: [Value] = []
        for (position, input) in node.inputs.enumerated() {
            inputs.append(value(input, in: wideInputs.contains(position) ? 4 : width, for: node))
        }
        guard elementBytes[node.output.index] != width else {
            return graph.nodes.append(Graph.Node(name: node.name, op: node.op, inputs: inputs, output: node.output))
        }
        let wide = newValue(node.output.shape, width)
        graph.nodes.append(Graph.Node(name: node.name, op: node.op, inputs: inputs, output: wide))
        graph.nodes.append(Graph.Node(name: node.name, op: .reshape(Reshape(to: wide.shape)), inputs: [wide], output: node.output))
    }

    /// `value` in that width; converted before its first reader.
    private mutating func value(_ value: Value, in width: Int, for reader: Graph.Node) -> Value {
        guard elementBytes[value.index] != width else { return value }
        if let known = converted[value] { return known }
        let other = newValue(value.shape, width)
        graph.nodes.append(Graph.Node(name: reader.name, op: .reshape(Reshape(to: value.shape)), inputs: [value], output: other))
        converted[value] = other
        return other
    }

    private mutating func newValue(_ shape: Shape, _ width: Int) -> Value {
        elementBytes.append(width)
        return graph.newValue(shape)
    }
}

extension Op {
    /// The output's elements are elements of the only input.
    fileprivate var isMove: Bool {
        switch self {
        case .reshape, .slice: true
        default: false
        }
    }
}

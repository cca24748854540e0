extension Graph {
    /// The nodes of `range` as a graph of their own, for a backend that runs only them: its inputs are the values that they read and do not make, in the
    /// order in which they are first read, constants apart, which stay what they are; its outputs are the values that others read or users asked for.
    /// Values keep their indices.
    package func part(_ range: Range<Int>) -> Graph {
        var part = self
        part.nodes = Array(nodes[range.clamped(to: nodes.indices)])
        let made = Set(part.nodes.map(\.output.index)), data = Set(constants.map(\.value.index))
        var seen: Set<Int> = []
        let needed = part.nodes.flatMap(\.inputs).filter { !made.contains($0.index) && seen.insert($0.index).inserted }
        part.inputs = needed.filter { !data.contains($0.index) }.map(port)
        part.constants = constants.filter { seen.contains($0.value.index) }
        let read = Set((nodes[..<range.lowerBound] + nodes[range.upperBound...]).flatMap(\.inputs).map(\.index) + outputs.map(\.value.index))
        part.outputs = part.nodes.map(\.output).filter { read.contains($0.index) }.map(port)
        return part
    }

    /// What `pass` makes of the graph when it must leave each of `values` there, as if users had asked for them.
    package func keeping(_ values: Set<Value>, _ pass: (Graph) -> Graph) -> Graph {
        guard !values.isEmpty else { return pass(self) }
        var open = self
        open.outputs += values.map { Port(name: "kept", value: $0, layout: .nhwc) }
        var result = pass(open)
        result.outputs = outputs
        return result
    }

    /// A value under its own name where users know it, else under its number.
    private func port(_ value: Value) -> Port {
        (inputs + outputs).first { $0.value == value } ?? Port(name: "value \(value.index)", value: value, layout: .nhwc)
    }
}

extension Graph {
    /// The graph with what every node makes as an output, in their order.
    package func givingEveryValue() -> Graph {
        var graph = self
        graph.outputs = nodes.map { Port(name: $0.name, value: $0.output, layout: .nhwc) }
        return graph
    }
}

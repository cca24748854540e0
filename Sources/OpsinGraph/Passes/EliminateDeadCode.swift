/// Drops nodes whose outputs nobody reads and which are no output of the graph: unused heads, finer decoders. Constants that nobody reads go too.
package enum EliminateDeadCode {
    package static func run(_ graph: Graph) -> Graph {
        var needed = Set(graph.outputs.map(\.value.index))
        var kept: [Graph.Node] = []
        for node in graph.nodes.reversed() where needed.contains(node.output.index) {
            kept.append(node)
            for input in node.inputs { needed.insert(input.index) }
        }
        var result = graph
        result.nodes = kept.reversed()
        result.constants = graph.constants.filter { needed.contains($0.value.index) }
        return result
    }
}

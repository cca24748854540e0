package import OpsinGraph

extension SqueezeExcitation: CPUOp {
    /// The mean and the two layers, one after the other.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        var graph = Graph()
        do {
            let x = graph.input("x", shape: node.inputs[0].shape)
            let mean = try graph.append(.globalAveragePool(GlobalAveragePool()), [x], name: "\(node.name) mean")
            let squeezed = try graph.append(.conv2D(reduce), [mean], name: "\(node.name) reduce")
            graph.output("y", try graph.append(.conv2D(expand), [squeezed], name: "\(node.name) expand"), layout: .nhwc)
        } catch {
            throw CPUError("\(node.name): \(error.description)")
        }
        return try SubgraphLowering.steps(graph, as: node, plan)
    }
}

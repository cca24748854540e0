package import OpsinGraph

extension DepthwisePointwise: CPUOp {
    /// The two convolutions, one after the other.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        var graph = Graph()
        do {
            let values = node.inputs.enumerated().map { graph.input("\($0.offset)", shape: $0.element.shape) }
            let between = try graph.append(.depthwiseConv2D(depthwise), Array(values.prefix(1)), name: "\(node.name) depthwise")
            graph.output("y", try graph.append(.conv2D(pointwise), [between] + values.dropFirst(), name: "\(node.name) pointwise"), layout: .nhwc)
        } catch {
            throw CPUError("\(node.name): \(error.description)")
        }
        return try SubgraphLowering.steps(graph, as: node, plan)
    }
}

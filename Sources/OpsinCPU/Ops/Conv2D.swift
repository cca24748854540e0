package import OpsinGraph

extension Conv2D: CPUOp {
    /// A product over pixels: plain for one tap at step 1, implicit (rows of the product are found tap by tap) for every other window.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        if hasGate { return try lowerGated(node, plan) }
        return [
            Product(
                x: node.inputs[0], y: node.output, residual: node.inputs.count > 1 ? node.inputs[1] : nil, filter: filter, epilogue: epilogue,
                window: window.isPointwise ? nil : window, name: node.name
            ).step(plan)
        ]
    }

    /// The product with the gate is a step of its own: graphs for the CPU have it as an op, this one was fused for a GPU that cannot run it.
    private func lowerGated(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        var graph = Graph(), plain = self
        plain.hasGate = false
        do {
            let values = node.inputs.enumerated().map { graph.input("\($0.offset)", shape: $0.element.shape) }
            let gated = try graph.append(.multiply(Multiply()), Array(values.prefix(2)), name: "\(node.name) gate")
            graph.output("y", try graph.append(.conv2D(plain), [gated] + values.dropFirst(2), name: node.name), layout: .nhwc)
        } catch {
            throw CPUError("\(node.name): \(error.description)")
        }
        return try SubgraphLowering.steps(graph, as: node, plan)
    }
}

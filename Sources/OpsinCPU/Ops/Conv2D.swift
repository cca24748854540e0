package import OpsinGraph

extension Conv2D: CPUOp {
    /// A product over pixels: plain for one tap at step 1, implicit (rows of the product are found tap by tap) for every other window.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        [
            Product(
                x: node.inputs[0], y: node.output, residual: node.inputs.count > 1 ? node.inputs[1] : nil, filter: filter, epilogue: epilogue,
                window: window.isPointwise ? nil : window, name: node.name
            ).step(plan)
        ]
    }
}

package import OpsinGraph

extension Linear: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        if let product = try Int8Product(node, plan) { return [product.step()] }
        return [
            Product(
                x: node.inputs[0], y: node.output, residual: node.inputs.count > 1 ? node.inputs[1] : nil, filter: filter, epilogue: epilogue,
                window: nil, name: node.name
            ).step(plan)
        ]
    }
}

package import OpsinGraph

extension MatMul: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        throw CPUError("\(node.name): MatMul has no CPU kernel")
    }
}

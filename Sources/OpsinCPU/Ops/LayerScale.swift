package import OpsinGraph

extension LayerScale: CPUOp {
    /// A batch normalisation without shift.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        [scaleAndShift(node, plan, scale: gamma, shift: [Float](repeating: 0, count: gamma.count))]
    }
}

package import OpsinGraph

extension Op {
    /// The op's steps on the CPU, one line a case: an op without a row does not compile.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        switch self {
        case .conv2D(let op): try op.lower(node, plan)
        case .depthwiseConv2D(let op): try op.lower(node, plan)
        case .linear(let op): try op.lower(node, plan)
        case .matMul(let op): try op.lower(node, plan)
        case .reshape: []
        case .activation, .add, .attention, .averagePool2D, .batchNorm, .concat, .globalAveragePool, .groupNorm, .layerNorm, .layerScale, .maxPool2D, .multiply,
            .pad, .resize, .slice, .softmax:
            throw CPUError("\(node.name): \(name) has no CPU kernel")
        }
    }
}

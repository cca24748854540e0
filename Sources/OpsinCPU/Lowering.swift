package import OpsinGraph

extension Op {
    /// The op's steps on the CPU, one line a case: an op without a row does not compile.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        switch self {
        case .activation(let op): try op.lower(node, plan)
        case .add(let op): try op.lower(node, plan)
        case .attention(let op): try op.lower(node, plan)
        case .averagePool2D(let op): try op.lower(node, plan)
        case .batchNorm(let op): try op.lower(node, plan)
        case .boxRefinement(let op): try op.lower(node, plan)
        case .concat(let op): try op.lower(node, plan)
        case .conv2D(let op): try op.lower(node, plan)
        case .depthToSpace(let op): try op.lower(node, plan)
        case .depthwiseConv2D(let op): try op.lower(node, plan)
        case .depthwisePointwise(let op): try op.lower(node, plan)
        case .dequantize(let op): try op.lower(node, plan)
        case .distributionStatistics(let op): try op.lower(node, plan)
        case .distributionToBox(let op): try op.lower(node, plan)
        case .globalAveragePool(let op): try op.lower(node, plan)
        case .groupNorm(let op): try op.lower(node, plan)
        case .layerNorm(let op): try op.lower(node, plan)
        case .layerScale(let op): try op.lower(node, plan)
        case .linear(let op): try op.lower(node, plan)
        case .matMul(let op): try op.lower(node, plan)
        case .maxPool2D(let op): try op.lower(node, plan)
        case .multiScaleDeformableAttention(let op): try op.lower(node, plan)
        case .multiply(let op): try op.lower(node, plan)
        case .pad(let op): try op.lower(node, plan)
        case .quantize(let op): try op.lower(node, plan)
        case .reshape(let op): try op.lower(node, plan)
        case .resize(let op): try op.lower(node, plan)
        case .rmsNorm(let op): try op.lower(node, plan)
        case .sineEmbedding(let op): try op.lower(node, plan)
        case .slice(let op): try op.lower(node, plan)
        case .softmax(let op): try op.lower(node, plan)
        case .squeezeExcitation(let op): try op.lower(node, plan)
        case .topKGather(let op): try op.lower(node, plan)
        case .windowedAttention(let op): try op.lower(node, plan)
        }
    }
}

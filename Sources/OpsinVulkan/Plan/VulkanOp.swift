package import OpsinGraph

/// An op's row in the Vulkan backend: from a node to the dispatches that compute it, once, at plan time.
package protocol VulkanOp {
    func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError)

    /// The inputs that the op's shader reads as fp32 whatever its `STORAGE` is: indices, positions. Values that the graph wants in fp32 come through them
    /// without loss and without making the whole op run in fp32.
    var wideInputs: Set<Int> { get }
}

extension VulkanOp {
    package var wideInputs: Set<Int> { [] }
}

extension Op {
    /// `VulkanOp.wideInputs` of this op.
    var wideInputs: Set<Int> { (rule as? any VulkanOp)?.wideInputs ?? [] }

    /// The op's dispatches, one line a case: an op without a row does not compile.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
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

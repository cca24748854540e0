package import OpsinGraph

/// An op's row in the Vulkan backend: from a node to the dispatches that compute it, once, at plan time.
package protocol VulkanOp {
    func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError)
}

extension Op {
    /// The op's dispatches, one line a case: an op without a row does not compile.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        switch self {
        case .activation(let op): try op.lower(node, plan)
        case .add(let op): try op.lower(node, plan)
        case .attention: throw .noKernel
        case .averagePool2D(let op): try op.lower(node, plan)
        case .batchNorm(let op): try op.lower(node, plan)
        case .concat: throw .noKernel
        case .conv2D(let op): try op.lower(node, plan)
        case .depthwiseConv2D(let op): try op.lower(node, plan)
        case .globalAveragePool(let op): try op.lower(node, plan)
        case .groupNorm: throw .noKernel
        case .layerNorm: throw .noKernel
        case .layerScale(let op): try op.lower(node, plan)
        case .linear(let op): try op.lower(node, plan)
        case .matMul: throw .noKernel
        case .maxPool2D(let op): try op.lower(node, plan)
        case .multiply(let op): try op.lower(node, plan)
        case .pad: throw .noKernel
        case .reshape(let op): try op.lower(node, plan)
        case .resize: throw .noKernel
        case .slice: throw .noKernel
        case .softmax: throw .noKernel
        case .windowedAttention: throw .noKernel
        }
    }
}

extension VulkanError {
    /// The op has no kernel on this backend.
    static var noKernel: VulkanError { VulkanError(.unsupported, "it runs on the CPU only") }
}

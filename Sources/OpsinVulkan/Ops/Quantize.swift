package import OpsinGraph

extension Quantize: VulkanOp {
    /// Graphs with bytes are made for the CPU.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        throw VulkanError(.unsupported, "\(node.name): bytes run on the CPU")
    }
}

extension Dequantize: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        throw VulkanError(.unsupported, "\(node.name): bytes run on the CPU")
    }
}

package import OpsinGraph

extension Reshape: VulkanOp {
    /// Nothing: the memory plan gives output and input the same bytes.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (x, y) = (try plan.view(node.inputs[0]), try plan.view(node.output))
        guard x.offset == y.offset else { throw VulkanError(.unsupported, "output and input have different memory") }
    }
}

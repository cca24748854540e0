package import OpsinGraph

extension Linear: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        try Product(node: node, filter: filter, epilogue: epilogue, window: nil).lower(plan)
    }
}

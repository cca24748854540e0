package import OpsinGraph

extension Conv2D: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        try Product(node: node, filter: filter, epilogue: epilogue, window: window.isPointwise ? nil : window).lower(plan)
    }
}

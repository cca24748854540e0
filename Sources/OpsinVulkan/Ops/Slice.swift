package import OpsinGraph

extension Slice: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let shape = node.inputs[0].shape
        let (outer, inner) = shape.extents(around: axis)
        let x = CopyRows.Side(start: start * inner, outer: shape.extent(axis) * inner, inner: step * inner)
        let y = CopyRows.Side(start: 0, outer: count * inner, inner: inner)
        try CopyRows(outer: outer, inner: count, length: inner, x: x, y: y).lower(node.inputs[0], node.output, plan)
    }
}

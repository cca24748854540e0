package import OpsinGraph

extension Concat: VulkanOp {
    /// One dispatch an input; each writes its own part of the output.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (outer, inner) = node.output.shape.extents(around: axis)
        let whole = node.output.shape.extent(axis) * inner
        var start = 0
        for input in node.inputs {
            let length = input.shape.extent(axis) * inner
            let (x, y) = (CopyRows.Side(start: 0, outer: length, inner: 0), CopyRows.Side(start: start, outer: whole, inner: 0))
            try CopyRows(outer: outer, inner: 1, length: length, x: x, y: y).lower(input, node.output, plan)
            start += length
        }
    }
}

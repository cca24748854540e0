package import OpsinGraph

extension DepthToSpace: VulkanOp {
    /// One dispatch for each row of the blocks: what a pixel holds for it is a run of the output row.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let x = node.inputs[0].shape, run = x.c / block, row = x.w * run
        for u in 0..<block {
            let from = CopyRows.Side(start: u * run, outer: x.w * x.c, inner: x.c), to = CopyRows.Side(start: u * row, outer: block * row, inner: run)
            try CopyRows(outer: x.n * x.h, inner: x.w, length: run, x: from, y: to).lower(node.inputs[0], node.output, plan)
        }
    }
}

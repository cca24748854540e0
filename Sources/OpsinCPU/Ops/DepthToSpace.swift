package import OpsinGraph

extension DepthToSpace: CPUOp {
    /// One step for each row of the blocks: what a pixel holds for it is a run of the output row.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let x = node.inputs[0].shape, run = x.c / block, row = x.w * run
        return (0..<block).map { u in
            unsafe copyRows(
                from: plan.pointer(node.inputs[0]) + u * run, to: plan.pointer(node.output) + u * row, outer: x.n * x.h, inner: x.w, length: run,
                xOuter: x.w * x.c, xInner: x.c, yOuter: block * row, yInner: run, kernel: "depth_to_space")
        }
    }
}

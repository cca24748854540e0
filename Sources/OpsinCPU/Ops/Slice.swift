package import OpsinGraph

extension Slice: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let x = node.inputs[0].shape
        let (outer, inner) = x.extents(around: axis)
        // Neighbours along the axis are one run.
        let (rows, length) = step == 1 ? (1, count * inner) : (count, inner)
        return unsafe [
            copyRows(
                from: plan.pointer(node.inputs[0]) + start * inner, to: plan.pointer(node.output), outer: outer, inner: rows, length: length,
                xOuter: x.extent(axis) * inner, xInner: step * inner, yOuter: count * inner, yInner: inner, kernel: "slice")
        ]
    }
}

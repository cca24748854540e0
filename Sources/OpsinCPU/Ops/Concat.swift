package import OpsinGraph

extension Concat: CPUOp {
    /// One step an input, but for those whose producers have written them into the output; each writes its own part.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let (outer, inner) = node.output.shape.extents(around: axis)
        let whole = node.output.shape.extent(axis) * inner
        var steps: [CPUStep] = [], offset = 0
        for input in node.inputs {
            let length = input.shape.extent(axis) * inner
            defer { offset += length }
            guard plan.layout(input).place != .part else { continue }
            steps.append(
                unsafe copyRows(
                    from: plan.pointer(input), to: plan.pointer(node.output) + offset, outer: outer, inner: 1, length: length,
                    xOuter: length, xInner: 0, yOuter: whole, yInner: 0, kernel: "concat"))
        }
        return steps
    }
}

package import OpsinGraph

extension Reshape: CPUOp {
    /// Nothing when the plan gave output and input the same place, else a copy.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let x = unsafe plan.pointer(node.inputs[0]), y = unsafe plan.pointer(node.output)
        guard unsafe x != y else { return [] }
        let count = node.output.shape.count, length = min(count, 4096), rows = count / length
        var steps = unsafe [
            copyRows(from: x, to: y, outer: rows, inner: 1, length: length, xOuter: length, xInner: 0, yOuter: length, yInner: 0, kernel: "reshape")
        ]
        let done = rows * length
        if done < count {
            steps.append(
                unsafe copyRows(
                    from: x + done, to: y + done, outer: 1, inner: 1, length: count - done, xOuter: 0, xInner: 0, yOuter: 0, yInner: 0, kernel: "reshape"))
        }
        return steps
    }
}

private import CKernels
package import OpsinGraph

extension Slice: CPUOp {
    /// A copy; nothing where the readers take the channels from where they are.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let x = node.inputs[0].shape, y = plan.layout(node.output)
        if y.place == .view { return [] }
        if axis == .c, step > 1 { return [channels(node, plan)] }
        let (outer, inner) = x.extents(around: axis)
        // Neighbours along the axis are one run.
        let (rows, length) = step == 1 ? (1, count * inner) : (count, inner)
        return unsafe [
            copyRows(
                from: plan.pointer(node.inputs[0]) + start * inner, to: plan.pointer(node.output), outer: outer, inner: rows, length: length,
                xOuter: x.extent(axis) * inner, xInner: step * inner, yOuter: axis == .c ? y.pitch : count * inner, yInner: inner, kernel: "slice")
        ]
    }

    /// Channels that are apart, pixel by pixel.
    private func channels(_ node: Graph.Node, _ plan: any CPULowering) -> CPUStep {
        let x = node.inputs[0].shape, strip = rowsPerTask(width: count)
        let arguments = unsafe opsin_slice_channels_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), pixels: x.pixels, x_channels: x.c, y_channels: plan.layout(node.output).pitch,
            start: start, count: count, step: step, strip: strip)
        return unsafe CPUStep(
            opsin_slice_channels(plan.isa.c), arguments, tasks: tasks(x.pixels, each: strip), kernel: "slice \(step) \(plan.isa.rawValue)")
    }
}

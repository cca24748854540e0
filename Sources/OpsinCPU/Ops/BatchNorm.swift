package import OpsinGraph

private import CKernels

extension BatchNorm: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        [scaleAndShift(node, plan, scale: scale, shift: shift)]
    }
}

/// `y[.., c] = x[.., c] * scale[c] + shift[c]`.
func scaleAndShift(_ node: Graph.Node, _ plan: any CPULowering, scale: [Float], shift: [Float]) -> CPUStep {
    let shape = node.output.shape, strip = rowsPerTask(width: shape.c)
    let arguments = unsafe opsin_batch_norm_arguments(
        x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), scale: plan.parameters(scale), shift: plan.parameters(shift),
        rows: shape.pixels, channels: shape.c, strip: strip)
    return unsafe CPUStep(opsin_batch_norm(plan.isa.c), arguments, tasks: tasks(shape.pixels, each: strip), kernel: "batch_norm \(plan.isa.rawValue)")
}

package import OpsinGraph

private import CKernels

extension RMSNorm: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let shape = node.output.shape, strip = rowsPerTask(width: shape.c)
        let arguments = unsafe opsin_rms_norm_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), weight: plan.parameters(weight), rows: shape.pixels, channels: shape.c,
            strip: strip, epsilon: epsilon)
        return unsafe [CPUStep(opsin_rms_norm(plan.isa.c), arguments, tasks: tasks(shape.pixels, each: strip), kernel: "rms_norm \(plan.isa.rawValue)")]
    }
}

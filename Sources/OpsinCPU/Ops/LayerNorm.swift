package import OpsinGraph

private import CKernels

extension LayerNorm: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let shape = node.output.shape, strip = rowsPerTask(width: shape.c)
        let arguments = unsafe opsin_layer_norm_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), weight: plan.parameters(weight), bias: plan.parameters(bias),
            rows: shape.pixels, channels: shape.c, strip: strip, epsilon: epsilon, half_y: plan.isHalf(node.output))
        return unsafe [CPUStep(opsin_layer_norm(plan.isa.c), arguments, tasks: tasks(shape.pixels, each: strip), kernel: "layer_norm \(plan.isa.rawValue)")]
    }
}

package import OpsinGraph

private import CKernels

extension Softmax: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let shape = node.output.shape, strip = rowsPerTask(width: shape.c)
        let arguments = unsafe opsin_softmax_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), rows: shape.pixels, channels: shape.c, strip: strip)
        return unsafe [CPUStep(opsin_softmax(plan.isa.c), arguments, tasks: tasks(shape.pixels, each: strip), kernel: "softmax \(plan.isa.rawValue)")]
    }
}

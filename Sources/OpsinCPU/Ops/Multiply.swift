package import OpsinGraph

private import CKernels

extension Multiply: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let rows = BroadcastRows(node.inputs[0].shape, node.inputs[1].shape)
        var (arguments, tasks) = unsafe rows.arguments(
            a: plan.pointer(node.inputs[0]), b: plan.pointer(node.inputs[1]), y: plan.pointer(node.output), activation: .identity)
        unsafe (arguments.half_a, arguments.half_y) = (plan.isHalf(node.inputs[0]), plan.isHalf(node.output))
        return unsafe [CPUStep(opsin_multiply(plan.isa.c), arguments, tasks: tasks, kernel: "multiply \(plan.isa.rawValue)")]
    }
}

package import OpsinGraph

private import CKernels

extension Add: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        if plan.quantization(node.output) != nil { return [try int8(node, plan)] }
        let rows = BroadcastRows(node.inputs[0].shape, node.inputs[1].shape)
        let (arguments, tasks) = unsafe rows.arguments(
            a: plan.pointer(node.inputs[0]), b: plan.pointer(node.inputs[1]), y: plan.pointer(node.output), activation: activation)
        return unsafe [CPUStep(opsin_add(plan.isa.c), arguments, tasks: tasks, kernel: "add \(plan.isa.rawValue)")]
    }
}

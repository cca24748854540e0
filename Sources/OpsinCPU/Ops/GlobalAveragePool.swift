package import OpsinGraph

private import CKernels

extension GlobalAveragePool: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        if plan.quantization(node.output) != nil { return [try int8(node, plan)] }
        let x = node.inputs[0].shape
        let arguments = unsafe opsin_global_average_pool_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), images: x.n, pixels: x.h * x.w, channels: x.c,
            half_x: plan.isHalf(node.inputs[0]))
        let blocks = tasks(x.c, each: Int(OPSIN_GLOBAL_AVERAGE_POOL_CHANNELS))
        return unsafe [CPUStep(opsin_global_average_pool(plan.isa.c), arguments, tasks: x.n * blocks, kernel: "global_average_pool \(plan.isa.rawValue)")]
    }
}

package import OpsinGraph

private import CKernels

extension MaxPool2D: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let arguments = unsafe poolArguments(window, node, plan, countIncludesPadding: false)
        let rows = node.output.shape.n * node.output.shape.h
        return unsafe [CPUStep(opsin_max_pool2d(plan.isa.c), arguments, tasks: rows, kernel: "max_pool2d \(plan.isa.rawValue)")]
    }
}

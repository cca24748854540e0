package import OpsinGraph

private import CKernels

extension Pad: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let x = node.inputs[0].shape, y = node.output.shape
        let arguments = unsafe opsin_pad_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), images: x.n, height: x.h, row: x.w * x.c,
            top: padding.top, bottom: padding.bottom, left: padding.left * x.c, right: padding.right * x.c, value: value)
        return unsafe [CPUStep(opsin_pad, arguments, tasks: y.n * y.h, kernel: "pad")]
    }
}

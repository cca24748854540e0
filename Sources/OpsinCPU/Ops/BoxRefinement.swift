package import OpsinGraph

private import CKernels

extension BoxRefinement: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let y = node.output.shape, reference = node.inputs[1].shape, boxes = y.h * y.w, strip = 64
        let arguments = unsafe opsin_box_refinement_arguments(
            delta: plan.pointer(node.inputs[0]), reference: plan.pointer(node.inputs[1]), y: plan.pointer(node.output), images: y.n, boxes: boxes,
            size: reference.c, repeated: reference.n == 1, strip: strip, epsilon: epsilon)
        return unsafe [CPUStep(opsin_box_refinement, arguments, tasks: y.n * tasks(boxes, each: strip), kernel: "box_refinement")]
    }
}

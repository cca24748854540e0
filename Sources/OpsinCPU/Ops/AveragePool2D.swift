package import OpsinGraph

internal import CKernels

extension AveragePool2D: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let arguments = unsafe poolArguments(window, node, plan, countIncludesPadding: countIncludesPadding)
        let rows = node.output.shape.n * node.output.shape.h
        return unsafe [CPUStep(opsin_average_pool2d(plan.isa.c), arguments, tasks: rows, kernel: "average_pool2d \(plan.isa.rawValue)")]
    }
}

/// The geometry that both pools share.
func poolArguments(_ window: SlidingWindow, _ node: Graph.Node, _ plan: any CPULowering, countIncludesPadding: Bool) -> opsin_pool2d_arguments {
    let x = node.inputs[0].shape, y = node.output.shape
    return unsafe opsin_pool2d_arguments(
        x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), images: x.n, height: x.h, width: x.w, channels: x.c,
        out_height: y.h, out_width: y.w, kernel_h: window.height, kernel_w: window.width, stride_y: window.strideY, stride_x: window.strideX,
        dilation_y: window.dilationY, dilation_x: window.dilationX, pad_top: window.padding.top, pad_left: window.padding.left,
        count_includes_padding: countIncludesPadding)
}

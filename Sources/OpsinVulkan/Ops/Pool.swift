internal import OpsinGraph

/// What `pool.comp` computes of each window.
enum PoolMode: UInt32 {
    case max = 0
    case mean = 1
    case meanOfWindow = 2

    /// One thread per four channels of an output pixel.
    func lower(_ node: Graph.Node, _ window: SlidingWindow, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        try dispatch(node.inputs[0].shape, plan.view(node.inputs[0]), node.output.shape, plan.view(node.output), window, plan)
    }

    /// From the map `x` to the map `y`.
    func dispatch(
        _ x: Shape, _ source: BufferView, _ y: Shape, _ target: BufferView, _ window: SlidingWindow, _ plan: VulkanPlanBuilder
    ) throws(VulkanError) {
        let shader = PoolShader(
            storage: plan.storage, channels: try word(y.c), mode: rawValue, images: try word(y.n), height: try word(x.h), width: try word(x.w),
            outHeight: try word(y.h), outWidth: try word(y.w), kernelH: try word(window.height), kernelW: try word(window.width),
            strideY: try signed(window.strideY), strideX: try signed(window.strideX), dilationY: try signed(window.dilationY),
            dilationX: try signed(window.dilationX), padTop: try signed(window.padding.top), padLeft: try signed(window.padding.left))
        try plan.dispatch(shader, [source, target], threads: y.pixels * ((y.c + 3) / 4), local: shader.local)
    }
}

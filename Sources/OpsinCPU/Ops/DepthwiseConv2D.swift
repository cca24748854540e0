internal import CKernels
package import OpsinGraph

extension DepthwiseConv2D: CPUOp {
    /// Tiles of output pixels by one vector of channels. In every precision products are fp32; what is read and written is bf16 where products of bf16 factors
    /// stand around.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        if plan.quantization(node.output) != nil { return [try int8(node, plan)] }
        var arguments = unsafe arguments(node, plan)
        let tile = unsafe arguments.tile_columns == 0 ? "any" : "\(arguments.tile_rows)x\(arguments.tile_columns)"
        let half = plan.isHalf(node.inputs[0])
        let kernel = "depthwise \(window.height)x\(window.width) \(tile) \(plan.isa.rawValue)\(half ? " bf16" : "")"
        let tasks = unsafe opsin_depthwise_conv2d_tasks(&arguments), scratch = unsafe opsin_depthwise_conv2d_scratch_bytes(&arguments)
        let run: opsin_task_fn = unsafe half ? opsin_depthwise_conv2d_bf16() : opsin_depthwise_conv2d(plan.isa.c)
        return [unsafe CPUStep(run, arguments, tasks: tasks, scratchBytes: scratch, kernel: kernel)]
    }

    /// Packs the weights and chooses the tile.
    func arguments(_ node: Graph.Node, _ plan: any CPULowering) -> opsin_depthwise_conv2d_arguments {
        let x = node.inputs[0], y = node.output, taps = window.height * window.width
        let weights = unsafe plan.packed("depthwise \(node.name) \(filter.packingKey)", count: taps * opsin_depthwise_conv2d_padded(channels)) { place in
            unsafe filter.withStored(outputs: channels, inputs: 1, taps: taps) { unsafe opsin_depthwise_conv2d_pack($0, place) }
        }
        var arguments = unsafe opsin_depthwise_conv2d_arguments()
        unsafe arguments.x = UnsafePointer(plan.pointer(x))
        unsafe arguments.y = plan.pointer(y)
        unsafe arguments.weights = weights
        unsafe arguments.epilogue = epilogue.c(bias: filter.bias, channels: channels, residual: node.inputs.count > 1 ? node.inputs[1] : nil, plan)
        unsafe arguments.window = window.c(x.shape, y.shape, plan)
        unsafe arguments.images = UInt32(x.shape.n)
        unsafe arguments.half_y = plan.isHalf(y)
        unsafe arguments.y_channels = UInt32(plan.layout(y).sparsePitch)
        unsafe opsin_depthwise_conv2d_plan(&arguments, UInt32(plan.threads))
        return unsafe arguments
    }
}

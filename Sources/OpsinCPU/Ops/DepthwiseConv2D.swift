internal import CKernels
package import OpsinGraph

extension DepthwiseConv2D: CPUOp {
    /// Tiles of output pixels by one vector of channels; fp32 in every precision, since it is bound by loads.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        if plan.quantization(node.output) != nil { return [try int8(node, plan)] }
        var arguments = unsafe arguments(node, plan)
        let tile = unsafe arguments.tile_columns == 0 ? "any" : "\(arguments.tile_rows)x\(arguments.tile_columns)"
        let kernel = "depthwise \(window.height)x\(window.width) \(tile) \(plan.isa.rawValue)"
        let tasks = unsafe opsin_depthwise_conv2d_tasks(&arguments), scratch = unsafe opsin_depthwise_conv2d_scratch_bytes(&arguments)
        return [unsafe CPUStep(opsin_depthwise_conv2d(plan.isa.c), arguments, tasks: tasks, scratchBytes: scratch, kernel: kernel)]
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
        unsafe arguments.y_channels = UInt32(plan.layout(y).sparsePitch)
        unsafe opsin_depthwise_conv2d_plan(&arguments, UInt32(plan.threads))
        return unsafe arguments
    }
}

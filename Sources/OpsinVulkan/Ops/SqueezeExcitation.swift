package import OpsinGraph

extension SqueezeExcitation: VulkanOp {
    /// A workgroup an image: on a GPU as many threads as every device takes and more where it can, to have many pixels on their way.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let x = node.inputs[0].shape, (channels, squeezed, outputs) = (reduce.inputChannels, reduce.outputChannels, expand.outputChannels)
        let (quads, outQuads) = ((channels + 3) / 4, (outputs + 3) / 4)
        let local = plan.device.traits.isProcessor ? 64 : min(256, plan.device.info.limits.maximumInvocations)
        let shared = (quads + local) * 16 + squeezed * 4, limit = plan.device.info.limits.sharedMemory
        guard shared <= limit else { throw VulkanError(.unsupported, "\(channels) channels need \(shared) bytes of shared memory, \(limit) are there") }
        let shader = SqueezeExcitationShader(
            storage: plan.storage, local: try word(local), channels: try word(channels), squeezed: try word(squeezed), outputs: try word(outputs),
            reduceFunction: reduce.epilogue.activation.number, reduceSlope: reduce.epilogue.activation.slope, function: expand.epilogue.activation.number,
            slope: expand.epilogue.activation.slope, images: try word(x.n), pixels: try word(x.h * x.w))
        let views = [
            try plan.view(node.inputs[0]), try plan.weights(reduce.filter.quadsOfInputs(outputs: squeezed, inputs: channels)),
            try plan.parameters(reduce.filter.bias ?? [], quads: (squeezed + 3) / 4),
            try plan.weights(expand.filter.columns(outputs: outputs, inputs: squeezed, taps: 1, padded: outQuads * 4)),
            try plan.parameters(expand.filter.bias ?? [], quads: outQuads), try plan.view(node.output),
        ]
        try plan.dispatch(shader, views, workgroups: x.n)
    }
}

extension Filter {
    /// Effective pointwise weights `[quad of inputs][output][4]`, the last quad filled up with zeros.
    func quadsOfInputs(outputs: Int, inputs: Int) -> [Float] {
        let columns = columns(outputs: outputs, inputs: inputs, taps: 1, padded: outputs)
        var quads = [Float](repeating: 0, count: (inputs + 3) / 4 * 4 * outputs)
        for input in 0..<inputs {
            for output in 0..<outputs { quads[(input / 4 * outputs + output) * 4 + input % 4] = columns[input * outputs + output] }
        }
        return quads
    }
}

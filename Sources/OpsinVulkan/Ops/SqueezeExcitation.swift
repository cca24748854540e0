package import OpsinGraph

extension SqueezeExcitation: VulkanOp {
    /// A workgroup an image: on a GPU of 256 threads where it takes so many, to have many pixels on their way. A map that is large even so is summed up in
    /// parts first, by as many workgroups as fill the device.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let x = node.inputs[0].shape, (channels, squeezed, outputs) = (reduce.inputChannels, reduce.outputChannels, expand.outputChannels)
        let (quads, outQuads) = ((channels + 3) / 4, (outputs + 3) / 4)
        let local = plan.device.traits.isProcessor ? 64 : min(256, plan.device.info.limits.maximumInvocations)
        let shared = (quads + local) * 16 + squeezed * 4, limit = plan.device.info.limits.sharedMemory
        guard shared <= limit else { throw VulkanError(.unsupported, "\(channels) channels need \(shared) bytes of shared memory, \(limit) are there") }
        let pixels = x.h * x.w, inParts = !plan.device.traits.isProcessor && pixels * quads > SqueezeExcitation.mostQuadsOfAWorkgroup
        let parts = inParts ? max(1, min(pixels / 8, plan.device.traits.workgroups * 64 / (x.n * quads))) : pixels
        var source = try plan.view(node.inputs[0])
        if inParts {
            let sums = try plan.scratch(x.n * parts * quads * 16)
            let shader = PixelSumsShader(
                storage: plan.storage, channels: try word(channels), images: try word(x.n), pixels: try word(pixels), parts: try word(parts))
            try plan.dispatch(shader, [source, sums], threads: x.n * parts * quads, local: shader.local)
            source = sums
        }
        let shader = SqueezeExcitationShader(
            storage: plan.storage, from: inParts ? .sums : .map, local: try word(local), channels: try word(channels), squeezed: try word(squeezed),
            outputs: try word(outputs),
            reduceFunction: reduce.epilogue.activation.number, reduceSlope: reduce.epilogue.activation.slope, function: expand.epilogue.activation.number,
            slope: expand.epilogue.activation.slope, images: try word(x.n), rows: try word(parts),
            pixels: try word(pixels))
        let first = try plan.weights(of: reduce.filter, "reduce quads", count: quads * squeezed * 4) {
            reduce.filter.quadsOfInputs(outputs: squeezed, inputs: channels)
        }
        let second = try plan.weights(of: expand.filter, "expand columns", count: squeezed * outQuads * 4) {
            expand.filter.columns(outputs: outputs, inputs: squeezed, taps: 1, padded: outQuads * 4)
        }
        let views = [
            source, first, try plan.parameters(reduce.filter.bias ?? [], quads: (squeezed + 3) / 4), second,
            try plan.parameters(expand.filter.bias ?? [], quads: outQuads), try plan.view(node.output),
        ]
        try plan.dispatch(shader, views, workgroups: x.n)
    }

    /// From here on the loads of one workgroup, a few hundred after each other, take longer than another dispatch: 28 x 28 pixels of 128 channels.
    static let mostQuadsOfAWorkgroup = 28 * 28 * 32
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

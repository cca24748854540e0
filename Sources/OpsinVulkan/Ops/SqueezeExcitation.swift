package import OpsinGraph

extension SqueezeExcitation: VulkanOp {
    /// A workgroup an image: on a GPU of 256 threads where it takes so many, to have many pixels on their way. As many as fill the device sum up a map that is
    /// large even so, and the last one goes on.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let x = node.inputs[0].shape, (channels, squeezed, outputs) = (reduce.inputChannels, reduce.outputChannels, expand.outputChannels)
        let (quads, outQuads) = ((channels + 3) / 4, (outputs + 3) / 4)
        let local = plan.device.traits.isProcessor ? 64 : min(256, plan.device.info.limits.maximumInvocations)
        let shared = (quads + local) * 16 + squeezed * 4, limit = plan.device.info.limits.sharedMemory
        guard shared <= limit else { throw VulkanError(.unsupported, "\(channels) channels need \(shared) bytes of shared memory, \(limit) are there") }
        let traits = plan.device.traits, pixels = x.h * x.w
        let groups = traits.isProcessor ? 1 : SqueezeExcitation.groups(images: x.n, loads: pixels * quads, local: local, workgroups: traits.workgroups)
        let shader = SqueezeExcitationShader(
            storage: plan.storage, summed: groups > 1 ? .together : .alone, local: try word(local), channels: try word(channels), squeezed: try word(squeezed),
            outputs: try word(outputs), reduceFunction: reduce.epilogue.activation.number, reduceSlope: reduce.epilogue.activation.slope,
            function: expand.epilogue.activation.number, slope: expand.epilogue.activation.slope, groups: try word(groups), images: try word(x.n),
            pixels: try word(pixels))
        let first = try plan.weights(of: reduce.filter, "reduce quads", count: quads * squeezed * 4) {
            reduce.filter.quadsOfInputs(outputs: squeezed, inputs: channels)
        }
        let second = try plan.weights(of: expand.filter, "expand columns", count: squeezed * outQuads * 4) {
            expand.filter.columns(outputs: outputs, inputs: squeezed, taps: 1, padded: outQuads * 4)
        }
        var views = [
            try plan.view(node.inputs[0]), first, try plan.parameters(reduce.filter.bias ?? [], quads: (squeezed + 3) / 4), second,
            try plan.parameters(expand.filter.bias ?? [], quads: outQuads), try plan.view(node.output),
        ]
        if groups > 1 { views += [try plan.scratch(x.n * groups * quads * 16), try plan.counters(x.n)] }
        try plan.dispatch(shader, views, workgroups: x.n * groups)
    }

    /// Workgroups of an image: one while its loads, of a quad each, are a few dozen a thread; above, so many that a thread has eight, as long as the device has
    /// a place for each.
    static func groups(images: Int, loads: Int, local: Int, workgroups: Int) -> Int {
        loads <= mostQuadsOfAWorkgroup ? 1 : max(1, min(loads / (8 * local), workgroups / images))
    }

    /// From here on the loads of one workgroup, a hundred after each other, take longer than others take to come: 28 x 28 pixels of 128 channels.
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

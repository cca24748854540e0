private import CKernels
package import OpsinGraph

extension Conv2D: CPUOp {
    /// A product over pixels: plain for one tap at step 1, implicit (rows of the product are found tap by tap) for every other window. To one or two
    /// channels, vectors run along the input's channels instead; 3x3 windows at step 1 in fp32 are transformed first.
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        if let product = try Int8Product(node, plan) { return [product.step()] }
        if hasGate { return try lowerGated(node, plan) }
        if isNarrow { return [narrow(node, plan)] }
        if let winograd = Winograd(node, self, plan) { return [winograd.step(plan)] }
        return [product(node).step(plan)]
    }

    /// The convolution as a product.
    func product(_ node: Graph.Node) -> Product {
        Product(
            x: node.inputs[0], y: node.output, residual: node.inputs.count > 1 ? node.inputs[1] : nil, filter: filter, epilogue: epilogue,
            window: window.isPointwise ? nil : window, name: node.name)
    }

    /// Whether there are too few output channels for a product's vectors.
    var isNarrow: Bool { outputChannels <= Int(OPSIN_NARROW_OUTPUTS) && window.dilationX == 1 && inputChannels * window.width >= 16 }

    /// fp32 in every precision, since it is bound by loads.
    private func narrow(_ node: Graph.Node, _ plan: any CPULowering) -> CPUStep {
        let x = node.inputs[0], y = node.output
        var place = unsafe window.c(x.shape, y.shape, plan)
        let count = unsafe opsin_conv2d_narrow_packed(&place, outputChannels)
        let weights = unsafe plan.packed("narrow \(node.name) \(filter.packingKey)", count: count) { packed in
            unsafe filter.withStored(outputs: outputChannels, inputs: inputChannels, taps: window.height * window.width) { stored in
                unsafe withUnsafePointer(to: place) { unsafe opsin_conv2d_narrow_pack($0, stored, packed) }
            }
        }
        let residual = node.inputs.count > 1 ? node.inputs[1] : nil
        let arguments = unsafe opsin_conv2d_narrow_arguments(
            x: plan.pointer(x), y: plan.pointer(y), weights: weights,
            epilogue: epilogue.c(bias: filter.bias, channels: outputChannels, residual: residual, plan), window: place, images: x.shape.n,
            outputs: outputChannels)
        return unsafe CPUStep(
            opsin_conv2d_narrow(plan.isa.c), arguments, tasks: y.shape.n * y.shape.h,
            kernel: "narrow \(window.height)x\(window.width) \(plan.isa.rawValue)")
    }

    /// The product with the gate is a step of its own: graphs for the CPU have it as an op, this one was fused for a GPU that cannot run it.
    private func lowerGated(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        var graph = Graph(), plain = self
        plain.hasGate = false
        do {
            let values = node.inputs.enumerated().map { graph.input("\($0.offset)", shape: $0.element.shape) }
            let gated = try graph.append(.multiply(Multiply()), Array(values.prefix(2)), name: "\(node.name) gate")
            graph.output("y", try graph.append(.conv2D(plain), [gated] + values.dropFirst(2), name: node.name), layout: .nhwc)
        } catch {
            throw CPUError("\(node.name): \(error.description)")
        }
        return try SubgraphLowering.steps(graph, as: node, plan)
    }
}

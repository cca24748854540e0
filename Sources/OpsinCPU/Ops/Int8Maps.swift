internal import CKernels
internal import OpsinGraph

extension Add {
    /// The sum of two quantised maps of one shape.
    func int8(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> CPUStep {
        let (a, b, y) = try int8Ends(node, plan), count = node.output.shape.count, strip = 8192
        let bounds = Epilogue(activation: activation).int8Bounds(y)
        let arguments = unsafe opsin_int8_add_arguments(
            a: plan.bytes(node.inputs[0]), b: plan.bytes(node.inputs[1]), y: plan.bytes(node.output), count: count, strip: strip,
            a_scale: a.scale / y.scale, b_scale: b.scale / y.scale, a_zero: Int32(a.zero), b_zero: Int32(b.zero), zero: Int32(y.zero),
            least: UInt8(bounds.lowerBound), most: UInt8(bounds.upperBound))
        return unsafe CPUStep(opsin_int8_add(plan.isa.c), arguments, tasks: tasks(count, each: strip), kernel: "int8 add \(plan.isa.rawValue)")
    }
}

extension GlobalAveragePool {
    /// The mean of each channel of a quantised map, summed in integers.
    func int8(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> CPUStep {
        let (x, _, y) = try int8Ends(node, plan), shape = node.inputs[0].shape, pixels = shape.h * shape.w
        guard pixels < 1 << 22 else { throw CPUError("\(node.name): a mean over \(pixels) pixels passes 32 bits") }
        let scale = Float(Double(x.scale) / Double(y.scale) / Double(pixels))
        let arguments = unsafe opsin_int8_pool_arguments(
            x: plan.bytes(node.inputs[0]), y: plan.bytes(node.output), images: shape.n, pixels: pixels, channels: shape.c, scale: scale,
            x_zero: Int32(x.zero), zero: Int32(y.zero))
        let blocks = tasks(shape.c, each: Int(OPSIN_INT8_POOL_CHANNELS))
        return unsafe CPUStep(opsin_int8_pool(plan.isa.c), arguments, tasks: shape.n * blocks, kernel: "int8 global_average_pool \(plan.isa.rawValue)")
    }
}

extension Activation {
    /// Any function of one element is a table of 256 answers.
    func int8(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> CPUStep {
        let (x, _, y) = try int8Ends(node, plan), count = node.output.shape.count, strip = 8192
        var arguments = unsafe opsin_int8_lookup_arguments()
        unsafe (arguments.x, arguments.y) = (UnsafePointer(plan.bytes(node.inputs[0])), plan.bytes(node.output))
        unsafe (arguments.count, arguments.strip) = (count, strip)
        unsafe withUnsafeMutableBytes(of: &arguments.table) { table in
            for (byte, value) in function.of((0..<256).map { x.scale * Float($0 - x.zero) }).enumerated() { unsafe table[byte] = UInt8(y.byte(value)) }
        }
        return unsafe CPUStep(opsin_int8_lookup, arguments, tasks: tasks(count, each: strip), kernel: "int8 table")
    }
}

extension DepthwiseConv2D {
    /// On bytes, four taps at a time where the instruction set has products of four.
    func int8(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> CPUStep {
        let (x, _, y) = try int8Ends(node, plan), taps = window.height * window.width, kind = plan.isa.int8
        let weights: Int8Weights
        do {
            weights = try Int8Weights(filter, outputs: channels, depth: taps, x: x, y: epilogue.activation == .hardSwish ? nil : y)
        } catch {
            throw CPUError("\(node.name): \(error.reason)")
        }
        var arguments = unsafe opsin_int8_depthwise_arguments()
        var place = unsafe window.int8(node.inputs[0], node.output, x, plan)
        let bytes = unsafe opsin_int8_depthwise_packed_bytes(kind, &place), blocks = opsin_int8_depthwise_blocks(kind, channels)
        let packed = unsafe plan.packed("int8 \(node.name) \(filter.packingKey) \(x) \(y) \(kind.rawValue)", count: (bytes + 3) / 4) { packed in
            unsafe weights.withStored(filter.layout, inputs: 1, taps: taps, zero: x.zero) { unsafe opsin_int8_depthwise_pack(kind, &place, $0, packed) }
        }
        unsafe (arguments.x, arguments.y) = (UnsafePointer(plan.bytes(node.inputs[0])), plan.bytes(node.output))
        unsafe (arguments.packed, arguments.window) = (UnsafeRawPointer(packed), place)
        unsafe arguments.epilogue = epilogue.int8(y, residual: node.inputs.count > 1 ? node.inputs[1] : nil, plan)
        // Channels are cut so that a part's weights stay in the first-level cache, and so that the threads have enough to share.
        let lines = unsafe opsin_int8_depthwise_lines(kind, &place), shared = plan.threads > 1 ? (4 * plan.threads + lines - 1) / lines : 1
        let chunks = min(blocks, max(shared, bytes >> 15, 1))
        unsafe arguments.chunks = UInt32(chunks)
        let scratch = unsafe opsin_int8_depthwise_scratch_bytes(kind, &arguments)
        return unsafe CPUStep(
            opsin_int8_depthwise(kind), arguments, tasks: chunks * lines, scratchBytes: scratch,
            kernel: "int8 depthwise \(window.height)x\(window.width) \(name(of: kind))")
    }
}

/// What the bytes of a node's first two inputs (the first twice when there is one) and of its output stand for.
private func int8Ends(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> (Quantization, Quantization, Quantization) {
    guard let a = plan.quantization(node.inputs[0]), let b = plan.quantization(node.inputs.count > 1 ? node.inputs[1] : node.inputs[0]),
        let y = plan.quantization(node.output)
    else { throw CPUError("\(node.name): some of its values are bytes and others are not") }
    return (a, b, y)
}

extension ActivationFunction {
    /// The function of each of `values`, as the fp32 kernels compute it.
    func of(_ values: [Float]) -> [Float] {
        // Kernels may read 64 bytes behind what they need.
        let padded = values + [Float](repeating: 0, count: 16)
        var results = [Float](repeating: 0, count: values.count)
        let (code, slope) = c
        unsafe padded.withUnsafeBufferPointer { x in
            unsafe results.withUnsafeMutableBufferPointer { y in
                guard let from = x.baseAddress, let to = y.baseAddress else { return }
                var arguments = unsafe opsin_activation_arguments(x: from, y: to, count: y.count, chunk: y.count, activation: code, slope: slope)
                unsafe opsin_activation(OPSIN_ISA_GENERIC)(&arguments, 0, 1, nil)
            }
        }
        return results
    }
}

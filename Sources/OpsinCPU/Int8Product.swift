private import CKernels
package import OpsinGraph

/// The product of bytes that a convolution of any window or a linear layer is, its input quantised.
package struct Int8Product {
    private let node: Graph.Node
    private let filter: Filter
    private let epilogue: Epilogue
    /// nil: pixel by pixel.
    private let window: SlidingWindow?
    private let x: Quantization
    private let weights: Int8Weights
    private let plan: any CPULowering

    /// Nil for a node whose input is not quantised. Throws when `int8Form` refuses it.
    package init?(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) {
        guard let x = plan.quantization(node.inputs[0]), let weighted = node.op.weighted else { return nil }
        switch node.op {
        case .conv2D(let op): window = op.window.isPointwise ? nil : op.window
        default: window = nil
        }
        (self.node, self.plan, self.x, filter, epilogue) = (node, plan, x, weighted.filter, weighted.epilogue)
        let taps = window.map { $0.height * $0.width } ?? 1
        // A hard swish needs the real sum.
        let y = epilogue.activation == .hardSwish ? nil : plan.quantization(node.output)
        do {
            weights = try Int8Weights(filter, outputs: node.output.shape.c, depth: taps * node.inputs[0].shape.c, x: x, y: y)
        } catch {
            throw CPUError("\(node.name): \(error.reason)")
        }
    }

    /// The product as one step: bytes, or fp32 where the output is.
    package func step() -> CPUStep {
        let rows = node.output.shape.pixels, columns = node.output.shape.c, inputs = node.inputs[0].shape.c
        let taps = window.map { $0.height * $0.width } ?? 1, depth = taps * inputs, y = plan.quantization(node.output)
        var place = unsafe window?.int8(node.inputs[0], node.output, x, plan) ?? opsin_int8_window()
        var shape = unsafe withUnsafePointer(to: &place) {
            unsafe opsin_int8_gemm_plan(plan.isa.int8, rows, columns, depth, window == nil ? nil : $0)
        }
        let bytes = unsafe opsin_int8_gemm_packed_bytes(&shape, columns)
        let key = "int8 \(node.name) \(filter.packingKey) \(x) \(String(describing: y)) \(shape.kind.rawValue) \(shape.panels)"
        let packed = unsafe plan.packed(key, count: (bytes + 3) / 4) { place in
            unsafe weights.withStored(filter.layout, inputs: inputs, taps: taps, zero: x.zero) { unsafe opsin_int8_gemm_pack(&shape, $0, place) }
        }
        let residual = node.inputs.count > 1 ? node.inputs[1] : nil
        var arguments = unsafe opsin_int8_gemm_arguments()
        unsafe arguments.x = UnsafePointer(plan.bytes(node.inputs[0]))
        if let y {
            unsafe arguments.y = plan.bytes(node.output)
            unsafe arguments.epilogue = epilogue.int8(y, residual: residual, plan)
        } else {
            unsafe arguments.y_float = plan.pointer(node.output)
        }
        unsafe arguments.packed = UnsafeRawPointer(packed)
        unsafe (arguments.rows, arguments.columns, arguments.depth, arguments.shape) = (rows, columns, depth, shape)
        unsafe arguments.window = place
        let tile = "\(shape.tile_rows)x\(Int(shape.narrow + (shape.wider > 0 ? 1 : 0)) * Int(shape.vector))"
        let tasks = unsafe opsin_int8_gemm_tasks(&arguments), scratch = unsafe opsin_int8_gemm_scratch_bytes(&arguments)
        return unsafe CPUStep(
            opsin_int8_gemm(shape.kind), arguments, tasks: tasks, scratchBytes: scratch,
            kernel: "int8 \(window == nil ? "gemm" : "conv") \(tile) \(name(of: shape.kind))\(y == nil ? " to fp32" : "")")
    }
}

import CKernels
package import OpsinGraph

/// The product `[pixels, depth] x [depth, outputs]` that pointwise convolutions, linear layers and convolutions of any window are.
package struct Product {
    package let x: Value
    package let y: Value
    package let residual: Value?
    package let filter: Filter
    package let epilogue: Epilogue
    /// nil: pixel by pixel.
    package let window: SlidingWindow?
    package let name: String

    /// The product as one step.
    package func step(_ plan: any CPULowering) -> CPUStep {
        var (arguments, bf16) = unsafe arguments(plan)
        let shape = unsafe arguments.shape
        let scratch = unsafe opsin_gemm_scratch_bytes(&arguments)
        let kernel = "\(window == nil ? "gemm" : "conv") \(shape.tile_rows)x\(shape.columnsOfPanel) \(plan.isa.rawValue)\(bf16 ? " bf16" : "")"
        return unsafe CPUStep(opsin_gemm(plan.isa.c, bf16), arguments, tasks: Int(shape.tiles) * Int(shape.panels), scratchBytes: scratch, kernel: kernel)
    }

    /// Whether factors are bf16 in bf16. A stem's few channels take longer to round than to multiply.
    static func takesHalves(_ window: SlidingWindow?, inputs: Int) -> Bool { window == nil || inputs >= 16 }

    /// Chooses the register tile and packs the weights.
    func arguments(_ plan: any CPULowering) -> (opsin_gemm_arguments, bf16: Bool) {
        let rows = y.shape.pixels, columns = y.shape.c, inputs = x.shape.c
        let taps = window.map { $0.height * $0.width } ?? 1, depth = taps * inputs
        let bf16 = plan.precision == .bf16 && Self.takesHalves(window, inputs: inputs) && !plan.requiresFloat32(y)
        var place = unsafe window?.c(x.shape, y.shape, plan) ?? opsin_window()
        var shape = unsafe withUnsafePointer(to: &place) {
            unsafe opsin_gemm_plan(plan.isa.c, bf16, rows, columns, depth, window == nil ? nil : $0)
        }
        if plan.isHalf(x) { unsafe opsin_gemm_plan_half(&shape, depth) }
        let bytes = unsafe opsin_gemm_packed_bytes(&shape, columns, depth)
        let key = "gemm \(name) \(filter.packingKey) \(shape.vector) \(shape.panels) \(shape.narrow) \(shape.wider) \(bf16)"
        let weights = unsafe plan.packed(key, count: (bytes + 3) / 4) { place in
            unsafe filter.withStored(outputs: columns, inputs: inputs, taps: taps) { stored in
                unsafe withUnsafePointer(to: shape) { shape in
                    var packing = unsafe opsin_gemm_packing(shape: shape, weights: stored, packed: place)
                    unsafe plan.runNow(opsin_gemm_pack_panels, &packing, tasks: Int(shape.pointee.panels), byteCount: bytes)
                }
            }
        }
        let arguments = unsafe opsin_gemm_arguments(
            x: plan.pointer(x), y: plan.pointer(y), weights: weights, epilogue: epilogue.c(bias: filter.bias, channels: columns, residual: residual, plan),
            rows: rows, columns: columns, depth: depth, shape: shape, window: place, x_pitch: plan.layout(x).sparsePitch, x_step: plan.layout(x).step,
            y_pitch: plan.layout(y).sparsePitch, half_x: plan.isHalf(x), half_y: plan.isHalf(y), next: nil, next_share: 0)
        return unsafe (arguments, bf16)
    }
}

extension Product {
    /// Most bytes of the next product's weights that one asks for: they wait in the second-level cache.
    private static let mostBytesAhead = 512 << 10

    /// Lets each product ask for the weights of the next one while it computes. On maps of 14 x 14 and 7 x 7 that is 3 to 6 % of a product's time (AMD EPYC
    /// 9005).
    static func fetchWeightsAhead(_ steps: [CPUStep]) {
        var next: (weights: UnsafeRawPointer, bytes: Int)?
        for step in steps.reversed() where step.isProduct {
            let product = unsafe step.arguments.pointer.assumingMemoryBound(to: opsin_gemm_arguments.self)
            if let (weights, bytes) = unsafe next {
                unsafe product.pointee.next = weights
                unsafe product.pointee.next_share = min(bytes, mostBytesAhead) / max(Int(product.pointee.shape.panels), 1) / 64 * 64
            }
            let bytes = unsafe opsin_gemm_packed_bytes(&product.pointee.shape, product.pointee.columns, product.pointee.depth)
            unsafe next = product.pointee.weights.map { unsafe ($0, bytes) }
        }
    }
}

extension opsin_gemm_shape {
    /// Columns of the widest panel.
    var columnsOfPanel: Int { Int(narrow + (wider > 0 ? 1 : 0)) * Int(vector) }
}

extension SlidingWindow {
    /// The window over `x` as kernels take it, with as many zeros as a pixel has channels.
    func c(_ x: Shape, _ y: Shape, _ plan: any CPULowering) -> opsin_window {
        unsafe opsin_window(
            height: UInt32(x.h), width: UInt32(x.w), channels: UInt32(x.c), output_height: UInt32(y.h), output_width: UInt32(y.w),
            kernel_height: UInt32(height), kernel_width: UInt32(width), stride_y: UInt32(strideY), stride_x: UInt32(strideX),
            dilation_y: UInt32(dilationY), dilation_x: UInt32(dilationX), padding_top: UInt32(padding.top), padding_left: UInt32(padding.left),
            zeros: plan.parameters([Float](repeating: 0, count: x.c)))
    }
}

extension Epilogue {
    /// The epilogue as kernels take it; a missing bias becomes zeros.
    func c(bias: [Float]?, channels: Int, residual: Value?, _ plan: any CPULowering) -> opsin_epilogue {
        let (function, slope) = activation.c
        let mode =
            switch self.residual {
            case .none: OPSIN_RESIDUAL_NONE
            case .afterActivation: OPSIN_RESIDUAL_AFTER
            case .beforeActivation: OPSIN_RESIDUAL_BEFORE
            }
        return unsafe opsin_epilogue(
            bias: plan.parameters(bias ?? [Float](repeating: 0, count: channels)), residual: residual.map { unsafe UnsafePointer(plan.pointer($0)) },
            activation: function, residual_mode: mode, slope: slope)
    }
}

extension ActivationFunction {
    /// The number that kernels know the function by, and the slope of a leaky ReLU or the bound of a clamp.
    var c: (Int32, slope: Float) {
        switch self {
        case .identity: (OPSIN_ACTIVATION_IDENTITY, 0)
        case .relu: (OPSIN_ACTIVATION_RELU, 0)
        case .relu6: (OPSIN_ACTIVATION_RELU6, 0)
        case .leakyReLU(let slope): (OPSIN_ACTIVATION_LEAKY_RELU, slope)
        case .gelu: (OPSIN_ACTIVATION_GELU, 0)
        case .silu: (OPSIN_ACTIVATION_SILU, 0)
        case .sigmoid: (OPSIN_ACTIVATION_SIGMOID, 0)
        case .hardSwish: (OPSIN_ACTIVATION_HARD_SWISH, 0)
        case .hardSigmoid: (OPSIN_ACTIVATION_HARD_SIGMOID, 0)
        case .tanh: (OPSIN_ACTIVATION_TANH, 0)
        case .atLeast(let bound): (OPSIN_ACTIVATION_AT_LEAST, bound)
        case .atMost(let bound): (OPSIN_ACTIVATION_AT_MOST, bound)
        }
    }
}

internal import CKernels
package import OpsinGraph

/// The weights of a node as kernels of bytes take them: whole numbers, a whole number added to each output's sum, and what the sum is then multiplied by.
package struct Int8Weights {
    package private(set) var data: [Int8]
    package private(set) var scale: [Float]
    package private(set) var bias: [Int32]

    /// Why a node's weights cannot be multiplied as bytes.
    package struct Refusal: Error {
        package let reason: String
    }

    /// Largest magnitude of a sum times its scale: what follows are 32-bit integers.
    private static let largestResult = Double(1 << 30)

    /// `x` is what the input's bytes stand for, `depth` how many products a sum has. Results are in units of `y`; without it, real.
    package init(_ filter: Filter, outputs: Int, depth: Int, x: Quantization, y: Quantization?) throws(Refusal) {
        guard filter.constant.type == .int8 else { throw Refusal(reason: "its weights are stored as \(filter.constant.type.rawValue)") }
        guard filter.inputScale == nil else { throw Refusal(reason: "a norm before it is folded into its weights, channel by channel") }
        let largestSum = depth.multipliedReportingOverflow(by: 255 * 127)
        guard !largestSum.overflow, largestSum.partialValue < 1 << 30 else { throw Refusal(reason: "sums of \(depth) products may pass 32 bits") }
        let most = Double(Int32.max - Int32(largestSum.partialValue))
        data = unsafe filter.constant.withBytes { bytes in unsafe bytes.map { Int8(bitPattern: $0) } }
        filter.constant.setAside()
        (scale, bias) = ([], [])
        let inputs = data.count / max(outputs, 1)
        for output in 0..<outputs {
            var unit = Double(x.scale) * Double(filter.outputScale?[output] ?? 1)
            let wanted = Double(filter.bias?[output] ?? 0)
            if !(abs(wanted) <= most * abs(unit)) {
                // A channel that its norm has as good as switched off: beside such a bias its products do not count, and its unit may be another.
                for index in 0..<inputs { data[filter.layout == .outputFirst ? output * inputs + index : index * outputs + output] = 0 }
                unit = abs(wanted) / Double(1 << 24)
            }
            let whole = unit == 0 ? 0 : (wanted / unit).rounded(.toNearestOrEven)
            let factor = y.map { unit / Double($0.scale) } ?? unit
            guard factor.isFinite, whole.isFinite, y == nil || abs(factor) * (Double(largestSum.partialValue) + abs(whole)) < Self.largestResult else {
                throw Refusal(reason: "its results leave the range of 32 bits (output \(output))")
            }
            scale.append(Float(factor))
            bias.append(Int32(max(-most, min(most, whole))))
        }
    }

    /// Calls `body` with the weights as the packing functions take them.
    func withStored(_ layout: Filter.Layout, inputs: Int, taps: Int, zero: Int, _ body: (UnsafePointer<opsin_int8_weights>) -> Void) {
        let outputs = scale.count
        unsafe data.withUnsafeBufferPointer { data in
            unsafe scale.withUnsafeBufferPointer { scale in
                unsafe bias.withUnsafeBufferPointer { bias in
                    guard let data = data.baseAddress, let scale = scale.baseAddress, let bias = bias.baseAddress else { return }
                    let stored = unsafe opsin_int8_weights(
                        data: data, outputs: outputs, inputs: inputs, taps: taps, output_stride: layout == .outputFirst ? inputs * taps : 1,
                        input_stride: layout == .outputFirst ? taps : outputs, tap_stride: layout == .outputFirst ? 1 : inputs * outputs, scale: scale,
                        bias: bias, zero: Int32(zero))
                    unsafe withUnsafePointer(to: stored) { unsafe body($0) }
                }
            }
        }
    }
}

extension Epilogue {
    /// Why kernels of bytes cannot end with this; nil when they can. They clamp last, so an activation may not stand before a residual.
    var int8Refusal: String? {
        switch activation {
        case .identity: nil
        case .relu, .relu6, .atLeast, .atMost: residual == .afterActivation ? "it clamps before it adds" : nil
        case .hardSwish: residual == .beforeActivation ? "it adds before a hard swish" : nil
        case .leakyReLU, .gelu, .silu, .sigmoid, .hardSigmoid, .tanh: "its activation has no form in the product of bytes"
        }
    }

    /// What a result in bytes of `y` is clamped to.
    func int8Bounds(_ y: Quantization) -> ClosedRange<Int> {
        let (least, most): (Int, Int) =
            switch activation {
            case .relu: (y.byte(0), 255)
            case .relu6: (y.byte(0), y.byte(6))
            case .atLeast(let bound): (y.byte(bound), 255)
            case .atMost(let bound): (0, y.byte(bound))
            default: (0, 255)
            }
        return min(least, most)...most
    }

    /// The epilogue as kernels take it.
    func int8(_ y: Quantization, residual: Value?, _ plan: any CPULowering) -> opsin_int8_epilogue {
        let added = residual.flatMap { plan.quantization($0) }, bounds = int8Bounds(y)
        return unsafe opsin_int8_epilogue(
            residual: residual.map { unsafe UnsafePointer(plan.bytes($0)) }, residual_scale: added.map { $0.scale / y.scale } ?? 0,
            residual_zero: Int32(added?.zero ?? 0), zero: Int32(y.zero), least: UInt8(bounds.lowerBound), most: UInt8(bounds.upperBound),
            hard_swish: activation == .hardSwish, inverse_scale: 1 / y.scale)
    }
}

extension SlidingWindow {
    /// The window over the bytes of `x` as kernels take it, with a pixel of zeros.
    func int8(_ x: Value, _ y: Value, _ quantization: Quantization, _ plan: any CPULowering) -> opsin_int8_window {
        let shape = x.shape
        let zeros = unsafe UnsafeMutableRawPointer(plan.workspace(count: (shape.c + 64 + 3) / 4))
        unsafe zeros.initializeMemory(as: UInt8.self, repeating: UInt8(quantization.zero), count: shape.c + 64)
        return unsafe opsin_int8_window(
            images: UInt32(shape.n), height: UInt32(shape.h), width: UInt32(shape.w), channels: UInt32(shape.c), output_height: UInt32(y.shape.h),
            output_width: UInt32(y.shape.w), kernel_height: UInt32(height), kernel_width: UInt32(width), stride_y: UInt32(strideY),
            stride_x: UInt32(strideX), dilation_y: UInt32(dilationY), dilation_x: UInt32(dilationX), padding_top: UInt32(padding.top),
            padding_left: UInt32(padding.left), zeros: zeros.assumingMemoryBound(to: UInt8.self))
    }
}

extension ISA {
    /// How this machine multiplies bytes within the instruction set.
    var int8: opsin_int8_kind { opsin_int8_best(c) }
}

/// The name that reports give a kind.
func name(of kind: opsin_int8_kind) -> String { unsafe String(cString: opsin_int8_name(kind)) }

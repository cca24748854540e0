import CKernels
import Testing

/// Products on AMX tiles that C emulates, against the same products by VDPBF16PS. What this cannot show is that a processor does what the emulation does:
/// that is what `opsin_amx_works` tries before real tiles are used.
@Suite(.enabled(if: !Backend.bf16.isEmpty, "no bf16 instructions here"))
struct AMXTests {
    /// A product with or without a window, whose input or output may be bf16 in memory.
    struct Sizes: Sendable, CustomTestStringConvertible {
        var h: Int
        var w: Int
        var inputs: Int
        var outputs: Int
        var kernel = 1
        var stride = 1
        var halfX = false
        var halfY = false
        var testDescription: String {
            "\(h)x\(w)x\(inputs) to \(outputs), \(kernel)x\(kernel) / \(stride)\(halfX ? ", bf16 in" : "")\(halfY ? ", bf16 out" : "")"
        }
    }

    static let cases = [
        Sizes(h: 7, w: 7, inputs: 82, outputs: 50), Sizes(h: 7, w: 7, inputs: 82, outputs: 50, halfX: true, halfY: true),
        Sizes(h: 4, w: 4, inputs: 33, outputs: 20), Sizes(h: 5, w: 5, inputs: 20, outputs: 16, halfX: true),
        Sizes(h: 14, w: 14, inputs: 160, outputs: 96, halfX: true), Sizes(h: 31, w: 33, inputs: 32, outputs: 40, kernel: 3, halfX: true, halfY: true),
        Sizes(h: 31, w: 33, inputs: 18, outputs: 64, kernel: 3, stride: 2, halfX: true), Sizes(h: 5, w: 6, inputs: 48, outputs: 48, kernel: 3),
    ]

    @Test(arguments: cases)
    func equalsDotProducts(_ s: Sizes) {
        let dots = product(s, tiles: false), tiles = product(s, tiles: true)
        let mean = dots.reduce(0) { $0 + abs($1) } / Float(dots.count), tolerance: Float = s.halfY ? 1e-2 : 2e-6
        let worst = zip(dots, tiles).map { $1.isNaN ? .infinity : abs($0 - $1) / max(abs($0), mean) }.max() ?? 1
        #expect(worst < tolerance && mean > 0.01)
    }

    /// The product of numbers that bf16 holds, in two ranges of tasks.
    private func product(_ s: Sizes, tiles: Bool) -> [Float] {
        let padding = s.kernel / 2, oh = (s.h + 2 * padding - s.kernel) / s.stride + 1, ow = (s.w + 2 * padding - s.kernel) / s.stride + 1
        let depth = s.kernel * s.kernel * s.inputs, rows = oh * ow
        let x = numbers(s.h * s.w * s.inputs, seed: 1, scale: 1).map { Float(bitPattern: $0.bitPattern & 0xffff_0000) }
        let weights = numbers(s.outputs * depth, seed: 2, scale: 0.2), bias = numbers(s.outputs, seed: 3) + [Float](repeating: 0, count: 64)
        let zeros = [Float](repeating: 0, count: s.inputs + 32)
        var stored = x + [Float](repeating: .nan, count: 32)
        if s.halfX {
            let words = x.map { $0.bitPattern >> 16 } + [UInt32](repeating: 0x7fc0, count: 64)
            stored = stride(from: 0, to: words.count, by: 2).map { Float(bitPattern: words[$0] | words[$0 + 1] << 16) }
        }
        var y = [Float](repeating: .nan, count: rows * s.outputs + 16)
        unsafe stored.withUnsafeBufferPointer { x in
            unsafe weights.withUnsafeBufferPointer { weights in
                unsafe bias.withUnsafeBufferPointer { bias in
                    unsafe zeros.withUnsafeBufferPointer { zeros in
                        unsafe y.withUnsafeMutableBufferPointer { y in
                            var window = unsafe opsin_window()
                            if s.kernel > 1 {
                                unsafe window = opsin_window(
                                    height: UInt32(s.h), width: UInt32(s.w), channels: UInt32(s.inputs), output_height: UInt32(oh), output_width: UInt32(ow),
                                    kernel_height: UInt32(s.kernel), kernel_width: UInt32(s.kernel), stride_y: UInt32(s.stride),
                                    stride_x: UInt32(s.stride), dilation_y: 1, dilation_x: 1, padding_top: UInt32(padding), padding_left: UInt32(padding),
                                    zeros: zeros.baseAddress)
                            }
                            var shape = unsafe withUnsafePointer(to: window) {
                                unsafe opsin_gemm_plan_tiles(tiles, rows, s.outputs, depth, s.kernel > 1 ? $0 : nil)
                            }
                            var given = unsafe opsin_stored_weights()
                            unsafe given.data = UnsafeRawPointer(weights.baseAddress)
                            unsafe (given.outputs, given.inputs, given.taps) = (s.outputs, s.inputs, s.kernel * s.kernel)
                            unsafe (given.output_stride, given.input_stride, given.tap_stride) = (depth, s.kernel * s.kernel, 1)
                            let packed = UnsafeMutableRawPointer.allocate(
                                byteCount: unsafe opsin_gemm_packed_bytes(&shape, s.outputs, depth) + 64, alignment: 64)
                            defer { unsafe packed.deallocate() }
                            unsafe opsin_gemm_pack(&shape, &given, packed)
                            var q = unsafe opsin_gemm_arguments()
                            unsafe (q.x, q.y, q.weights) = (x.baseAddress, y.baseAddress, UnsafeRawPointer(packed))
                            unsafe (q.rows, q.columns, q.depth) = (rows, s.outputs, depth)
                            unsafe (q.shape, q.window, q.half_x, q.half_y) = (shape, window, s.halfX, s.halfY)
                            unsafe q.epilogue.bias = bias.baseAddress
                            unsafe q.epilogue.activation = OPSIN_ACTIVATION_GELU
                            let scratch = UnsafeMutableRawPointer.allocate(byteCount: unsafe opsin_gemm_scratch_bytes(&q) + 64, alignment: 64)
                            defer { unsafe scratch.deallocate() }
                            let run = unsafe tiles ? opsin_gemm_amx_emulated()! : opsin_gemm(OPSIN_ISA_AVX512, true)!
                            let count = Int(shape.tiles) * Int(shape.panels)
                            unsafe run(&q, 0, count / 3, scratch)
                            unsafe run(&q, count / 3, count, scratch)
                        }
                    }
                }
            }
        }
        guard s.halfY else { return Array(y.prefix(rows * s.outputs)) }
        return (0..<rows * s.outputs).map { Float(bitPattern: (y[$0 / 2].bitPattern >> ($0 % 2 == 0 ? 0 : 16)) << 16) }
    }
}

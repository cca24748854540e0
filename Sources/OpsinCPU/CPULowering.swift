package import CKernels
package import OpsinGraph

/// What an op may ask while it turns a node into steps: where values live, packed weights, the machine.
package protocol CPULowering: AnyObject {
    var isa: ISA { get }
    var precision: CPUPrecision { get }
    var threads: Int { get }

    /// Where `value` lives in the arena: fp32 unless `isHalf` says otherwise, NHWC, dense, 64-byte aligned; at least 64 readable bytes follow the last element.
    func pointer(_ value: Value) -> UnsafeMutablePointer<Float>

    /// Whether `value` must be computed in fp32 in every precision.
    func requiresFloat32(_ value: Value) -> Bool

    /// What the bytes of `value` stand for when it is stored as bytes; nil: it is fp32.
    func quantization(_ value: Value) -> Quantization?
    /// Whether `value` is bf16 in the arena (`HalfValues`).
    func isHalf(_ value: Value) -> Bool

    /// How the pixels of `value` lie. Only what `ChannelView.find` allows is not dense.
    func layout(_ value: Value) -> PixelLayout

    /// Packed weights, made once per model and shared by its plans: `make` fills `count` floats (zeroed, 64-byte aligned). `key` names the packing.
    func packed(_ key: String, count: Int, make: (UnsafeMutablePointer<Float>) -> Void) -> UnsafePointer<Float>

    /// Runs the tasks of `run` at once, on as many threads as the plan will have where they are worth waking: for packing.
    func runNow(_ run: opsin_task_fn, _ arguments: UnsafeRawPointer, tasks: Int, byteCount: Int)

    /// A copy of `values`, zero-padded to a multiple of 16 floats and 64-byte aligned, that lives as long as the plan.
    func parameters(_ values: [Float]) -> UnsafePointer<Float>

    /// `count` floats of the plan's own, zeroed and 64-byte aligned, for what one step of an op hands to the next.
    func workspace(count: Int) -> UnsafeMutablePointer<Float>
}

/// How the pixels of a value lie in the arena.
package struct PixelLayout: Hashable, Sendable {
    /// Floats from a pixel to the next.
    package let pitch: Int
    /// Floats from a channel to the next.
    package let step: Int
    package let place: Place

    /// Where a value's bytes are.
    package enum Place: Hashable, Sendable {
        /// Its own.
        case own
        /// Inside of a Concat's output, where its producer writes them.
        case part
        /// Inside of a Slice's input, where they are already.
        case view
    }

    /// The pitch as kernels take it: 0 where each pixel stands behind the one before, however many channels they cut it to.
    var sparsePitch: Int { place == .own ? 0 : pitch }

    /// Each pixel behind the one before.
    package static func dense(_ value: Value) -> PixelLayout { PixelLayout(pitch: value.shape.c, step: 1, place: .own) }
}

extension CPULowering {
    package func runNow(_ run: opsin_task_fn, _ arguments: UnsafeRawPointer, tasks: Int, byteCount: Int) { unsafe run(arguments, 0, tasks, nil) }

    package func layout(_ value: Value) -> PixelLayout { .dense(value) }
    package func quantization(_ value: Value) -> Quantization? { nil }

    /// Where `value`, which is stored as bytes, lives.
    func bytes(_ value: Value) -> UnsafeMutablePointer<UInt8> {
        unsafe UnsafeMutableRawPointer(pointer(value)).assumingMemoryBound(to: UInt8.self)
    }
    package func isHalf(_ value: Value) -> Bool { false }
}

/// An op's row in the CPU backend: from a node to the steps that compute it, once, at plan time.
package protocol CPUOp {
    func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep]
}

/// Why a graph cannot run on the CPU as asked.
package struct CPUError: Error, CustomStringConvertible, Sendable {
    package let description: String

    package init(_ description: String) { self.description = description }
}

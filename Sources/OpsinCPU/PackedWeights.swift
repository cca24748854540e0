package import CKernels
package import OpsinGraph
private import Synchronization

/// The packed weights of a model, made once and shared by its plans. Any thread.
@safe package final class PackedWeights: @unchecked Sendable {
    // @unchecked: the pointers are to memory of the pool, which is written under the lock, once, and lives as long as this object.
    @safe private struct Pieces {
        var pool = MemoryPool(blockBytes: MemoryPool.weightBlock)
        var known: [String: UnsafeMutableRawBufferPointer] = unsafe [:]
        var byteCount = 0
    }

    private let pieces = Mutex(Pieces())

    package init() {}

    /// The piece called `key`, filled by `make` if it is new. It lives as long as this object.
    package func memory(_ key: String, byteCount: Int, make: (UnsafeMutableRawPointer) -> Void) throws(CPUError) -> UnsafeMutableRawPointer {
        unsafe try pieces.withLock { (pieces) throws(CPUError) in
            if let known = unsafe pieces.known[key], known.count >= byteCount, let base = known.baseAddress { return unsafe base }
            let base = unsafe try pieces.pool.take(byteCount)
            unsafe make(base)
            unsafe pieces.known[key] = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
            pieces.byteCount += byteCount
            return unsafe base
        }
    }

    /// Bytes of all packed weights.
    package var byteCount: Int { pieces.withLock { $0.byteCount } }
}

extension Filter {
    /// Calls `body` with the weights as the packing functions of CKernels take them: `inputs` channels a tap, `taps` of the window. Afterwards they exist
    /// packed, and a mapped file's are set aside: a network takes its memory once.
    package func withStored(outputs: Int, inputs: Int, taps: Int, _ body: (UnsafePointer<opsin_stored_weights>) -> Void) {
        let type =
            switch constant.type {
            case .float32: OPSIN_STORED_FLOAT32
            case .float16: OPSIN_STORED_FLOAT16
            case .bfloat16: OPSIN_STORED_BFLOAT16
            case .int8: OPSIN_STORED_INT8
            }
        defer { constant.setAside() }
        unsafe constant.withBytes { bytes in
            unsafe withOptional(outputScale) { outputScale in
                unsafe withOptional(inputScale) { inputScale in
                    // outputFirst: [outputs][inputs][taps]; outputLast: [taps][inputs][outputs]. A depthwise filter has one input a channel.
                    let stored = unsafe opsin_stored_weights(
                        data: bytes.baseAddress, type: type, outputs: outputs, inputs: inputs, taps: taps,
                        output_stride: layout == .outputFirst ? inputs * taps : 1,
                        input_stride: layout == .outputFirst ? taps : outputs,
                        tap_stride: layout == .outputFirst ? 1 : inputs * outputs,
                        output_scale: outputScale, input_scale: inputScale)
                    unsafe withUnsafePointer(to: stored) { unsafe body($0) }
                }
            }
        }
    }

    private func withOptional(_ values: [Float]?, _ body: (UnsafePointer<Float>?) -> Void) {
        guard let values else { return body(nil) }
        unsafe values.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
}

package import CKernels
package import OpsinGraph
private import Synchronization

/// The packed weights of a model, made once and shared by its plans. Any thread.
package final class PackedWeights: Sendable {
    private let entries = Mutex<[String: AlignedMemory]>([:])

    package init() {}

    /// The memory called `key`, filled by `make` if it is new.
    package func memory(_ key: String, byteCount: Int, make: (UnsafeMutableRawPointer) -> Void) throws(CPUError) -> AlignedMemory {
        try entries.withLock { (entries) throws(CPUError) in
            if let known = entries[key], known.byteCount >= byteCount { return known }
            let memory = try AlignedMemory(byteCount: byteCount)
            unsafe make(memory.base)
            entries[key] = memory
            return memory
        }
    }

    /// Bytes of all packed weights.
    package var byteCount: Int { entries.withLock { $0.values.reduce(0) { $0 + $1.byteCount } } }
}

extension Filter {
    /// Calls `body` with the weights as the packing functions of CKernels take them: `inputs` channels a tap, `taps` of the window.
    package func withStored(outputs: Int, inputs: Int, taps: Int, _ body: (UnsafePointer<opsin_stored_weights>) -> Void) {
        let type =
            switch constant.type {
            case .float32: OPSIN_STORED_FLOAT32
            case .float16: OPSIN_STORED_FLOAT16
            case .bfloat16: OPSIN_STORED_BFLOAT16
            case .int8: OPSIN_STORED_INT8
            }
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

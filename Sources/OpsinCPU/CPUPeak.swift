internal import CKernels

/// The roofs of this machine, measured: what reports hold kernels against.
package struct CPUPeak: Sendable {
    /// Operations a second in fp32 multiply-adds.
    package let fp32: Double
    /// Operations a second in bf16 dot products; 0 where the processor has none.
    package let bf16: Double
    /// Operations a second in products of bytes.
    package let int8: Double
    /// Bytes a second read from memory.
    package let read: Double

    /// Measures for `threads` threads at once; takes some tens of milliseconds.
    package init(isa: ISA, threads: Int) {
        let count = UInt32(clamping: max(threads, 1))
        fp32 = opsin_peak_fp32(isa.c, count)
        bf16 = isa == .avx512 ? opsin_peak_bf16(count) : 0
        int8 = opsin_peak_int8(isa.c, count)
        read = opsin_peak_read(count)
    }
}

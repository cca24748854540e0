private import Glibc

/// Zeroed bytes at a 64-byte boundary (2 MiB for large ones, which are then advised to take huge pages), released with the object.
@safe package final class AlignedMemory: @unchecked Sendable {
    // @unchecked: who holds it decides who writes; packed weights are read-only once they are made, an arena belongs to one plan.
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    /// Throws when the system gives no memory.
    package init(byteCount: Int) throws(CPUError) {
        let huge = 2 << 20
        let alignment = byteCount >= huge ? huge : 64
        let size = max((byteCount + alignment - 1) / alignment * alignment, alignment)
        guard let memory = unsafe aligned_alloc(alignment, size) else { throw CPUError("out of memory: \(size) bytes were asked for") }
        if alignment == huge { unsafe madvise(memory, size, Int32(MADV_HUGEPAGE)) }
        unsafe memset(memory, 0, size)
        unsafe base = memory
        self.byteCount = size
    }

    package var floats: UnsafeMutablePointer<Float> { unsafe base.assumingMemoryBound(to: Float.self) }

    deinit { unsafe free(base) }
}

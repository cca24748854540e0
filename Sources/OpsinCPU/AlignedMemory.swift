private import Glibc

/// Zeroed bytes at a 64-byte boundary (2 MiB for large ones, which are then advised to take huge pages), released with the object.
@safe package final class AlignedMemory: @unchecked Sendable {
    // @unchecked: who holds it decides who writes; packed weights are read-only once they are made, an arena belongs to one plan.
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int
    private let isMapped: Bool

    private static let hugePage = 2 << 20

    /// Throws when the system gives no memory.
    package init(byteCount: Int) throws(CPUError) {
        let alignment = byteCount >= Self.hugePage ? Self.hugePage : 64
        let size = max((byteCount + alignment - 1) / alignment * alignment, alignment)
        isMapped = alignment == Self.hugePage
        self.byteCount = size
        if isMapped, let memory = unsafe Self.map(size) {
            unsafe base = memory
        } else if !isMapped, let memory = unsafe aligned_alloc(alignment, size) {
            unsafe memset(memory, 0, size)
            unsafe base = memory
        } else {
            throw CPUError("out of memory: \(size) bytes were asked for")
        }
    }

    package var floats: UnsafeMutablePointer<Float> { unsafe base.assumingMemoryBound(to: Float.self) }

    deinit {
        if isMapped {
            unsafe munmap(base, byteCount)
        } else {
            unsafe free(base)
        }
    }

    /// `size` bytes, a multiple of huge pages, straight from the system: they are zero already, and the first to touch a page is who uses it.
    private static func map(_ size: Int) -> UnsafeMutableRawPointer? {
        let (wanted, overflow) = size.addingReportingOverflow(hugePage)
        guard !overflow, let start = unsafe mmap(nil, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), unsafe start != MAP_FAILED else {
            return nil
        }
        // The system aligns to small pages: what is too much on both sides goes back.
        let before = (hugePage - Int(bitPattern: start) % hugePage) % hugePage
        let memory = unsafe start + before
        if before > 0 { unsafe munmap(start, before) }
        if before < hugePage { unsafe munmap(memory + size, hugePage - before) }
        unsafe madvise(memory, size, Int32(MADV_HUGEPAGE))
        return unsafe memory
    }
}

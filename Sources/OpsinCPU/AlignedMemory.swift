private import Glibc

/// Zeroed bytes at a 64-byte boundary (2 MiB for large ones, which are then advised to take huge pages), released with the object.
///
/// Large ones are mapped, not taken from malloc, which would keep them for later: a plan that is dropped gives its pages back at once.
@safe package final class AlignedMemory: @unchecked Sendable {
    // @unchecked: who holds it decides who writes; packed weights are read-only once they are made, an arena belongs to one plan.
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int
    private let isMapped: Bool

    /// Throws when the system gives no memory.
    package init(byteCount: Int) throws(CPUError) {
        let huge = 2 << 20
        let alignment = byteCount >= huge ? huge : 64
        let size = max((byteCount + alignment - 1) / alignment * alignment, alignment)
        let memory = alignment == huge ? unsafe Self.mapped(size, alignment: huge) : unsafe aligned_alloc(alignment, size)
        guard let memory = unsafe memory else { throw CPUError("out of memory: \(size) bytes were asked for") }
        if alignment == huge { unsafe madvise(memory, size, Int32(MADV_HUGEPAGE)) }
        unsafe memset(memory, 0, size)
        unsafe base = memory
        self.byteCount = size
        isMapped = alignment == huge
    }

    package var floats: UnsafeMutablePointer<Float> { unsafe base.assumingMemoryBound(to: Float.self) }

    deinit { if isMapped { unsafe munmap(base, byteCount) } else { unsafe free(base) } }

    /// Pages of our own: mapped with room to spare, then cut to the boundary on both sides. `size` is a multiple of `alignment`.
    private static func mapped(_ size: Int, alignment: Int) -> UnsafeMutableRawPointer? {
        let whole = size.addingReportingOverflow(alignment)
        guard !whole.overflow else { return nil }
        let found = unsafe mmap(nil, whole.partialValue, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let place = unsafe found, unsafe found != MAP_FAILED else { return nil }
        let before = (alignment - Int(bitPattern: place) % alignment) % alignment
        let memory = unsafe place + before
        if before > 0 { unsafe munmap(place, before) }
        if alignment > before { unsafe munmap(memory + size, alignment - before) }
        return unsafe memory
    }
}

/// Zeroed pieces at 64-byte boundaries, cut from a few large blocks and released together.
///
/// Blocks for weights are reserved far larger than needed: the system gives a page when it is first written, so that what is not used costs nothing, pieces of
/// any size lie behind each other in the order of use, and most of them share huge pages. A piece each of the heap would be zeroed twice and faulted in small
/// pages: a third of the time to a first result (MobileNetV4 conv_small, 60 pieces).
struct MemoryPool {
    /// Bytes of a block, unless a piece needs more.
    let blockBytes: Int
    private(set) var blocks: [AlignedMemory] = []
    private var used = 0

    /// For packed weights: 32 MiB of addresses, taken as they are written.
    static let weightBlock = 32 << 20
    /// For the parameters of a plan: small ones from the heap.
    static let parameterBlock = 128 << 10

    init(blockBytes: Int) { self.blockBytes = blockBytes }

    /// `byteCount` bytes that nobody else has. Throws when the system gives no memory.
    mutating func take(_ byteCount: Int) throws(CPUError) -> UnsafeMutableRawPointer {
        let (rounded, overflow) = byteCount.addingReportingOverflow(63)
        guard byteCount >= 0, !overflow else { throw CPUError("out of memory: \(byteCount) bytes were asked for") }
        let size = max(rounded / 64 * 64, 64)
        if let last = blocks.last, last.byteCount - used >= size {
            defer { used += size }
            return unsafe last.base + used
        }
        let block = try AlignedMemory(byteCount: max(size, blockBytes))
        // What is left of the larger rest serves the pieces that follow.
        if let last = blocks.last, last.byteCount - used > block.byteCount - size {
            blocks.insert(block, at: blocks.count - 1)
        } else {
            blocks.append(block)
            used = size
        }
        return unsafe block.base
    }
}

internal import CVulkan

/// Bytes on the device, a part of a block; given back when the last reference goes.
package final class Buffer: Sendable {
    package let byteCount: Int
    let block: MemoryBlock
    /// Bytes of the block, rounded up to whole 64-byte lines.
    let range: Range<Int>
    private let pool: MemoryPool

    init(_ pool: MemoryPool, _ block: MemoryBlock, _ range: Range<Int>, byteCount: Int) {
        (self.pool, self.block, self.range, self.byteCount) = (pool, block, range, byteCount)
    }

    deinit { pool.release(block, range) }

    /// True when `write` and `read` work: the host sees the memory.
    package var isMapped: Bool { unsafe block.mapped != nil }

    /// Where the host sees byte 0; nil where it does not. For memory that is shared: nobody flushes it.
    @unsafe package var address: UnsafeMutableRawPointer? { unsafe block.mapped.map { unsafe $0 + range.lowerBound } }

    /// The whole buffer, for a binding.
    package var view: BufferView { BufferView(buffer: self, offset: 0, byteCount: byteCount) }

    /// Copies `bytes` to `offset`. No submit that uses these bytes may be running.
    package func write(_ bytes: RawSpan, at offset: Int = 0) throws(VulkanError) {
        let target = try unsafe address(offset, bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { unsafe target.copyMemory(from: base, byteCount: source.count) }
        }
        try block.flush(span(offset, bytes.byteCount))
    }

    /// Copies numbers to byte `offset`.
    package func write<Element: BitwiseCopyable>(_ values: [Element], at offset: Int = 0) throws(VulkanError) {
        try unsafe write(values.span.bytes, at: offset)
    }

    /// `count` elements from byte `offset` on. No submit that writes them may be running.
    package func read<Element: BitwiseCopyable>(_ type: Element.Type, count: Int, at offset: Int = 0) throws(VulkanError) -> [Element] {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard !overflow, count >= 0 else { throw VulkanError(.argument, "\(count) elements cannot be read") }
        let source = try unsafe address(offset, bytes)
        try block.invalidate(span(offset, bytes))
        return unsafe [Element](unsafeUninitializedCapacity: count) { target, filled in
            if let base = target.baseAddress, count > 0 { unsafe UnsafeMutableRawPointer(base).copyMemory(from: source, byteCount: bytes) }
            filled = count
        }
    }

    private func span(_ offset: Int, _ count: Int) -> Range<Int> { range.lowerBound + offset..<range.lowerBound + offset + count }

    private func address(_ offset: Int, _ count: Int) throws(VulkanError) -> UnsafeMutableRawPointer {
        guard let base = unsafe block.mapped else { throw VulkanError(.argument, "the host does not see this buffer") }
        guard offset >= 0, count >= 0, count <= byteCount, offset <= byteCount - count else {
            throw VulkanError(.argument, "bytes \(offset) to \(offset)+\(count) are outside of a buffer of \(byteCount)")
        }
        return unsafe base + range.lowerBound + offset
    }
}

/// A part of a buffer, as a shader or a copy sees it.
package struct BufferView: Sendable {
    package let buffer: Buffer
    package let offset: Int
    package let byteCount: Int

    package init(buffer: Buffer, offset: Int, byteCount: Int) { (self.buffer, self.offset, self.byteCount) = (buffer, offset, byteCount) }

    /// Where the bytes are in the block.
    var blockRange: Range<Int> { buffer.range.lowerBound + offset..<buffer.range.lowerBound + offset + byteCount }

    /// Throws unless the view lies within its buffer, whole lines included.
    func check(_ what: String) throws(VulkanError) {
        guard offset >= 0, byteCount > 0, byteCount <= buffer.range.count, offset <= buffer.range.count - byteCount else {
            throw VulkanError(.argument, "\(what): bytes \(offset) to \(offset)+\(byteCount) are outside of a buffer of \(buffer.byteCount)")
        }
    }
}

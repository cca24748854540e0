import Glibc
import OpsinGraph

/// Bytes whose end is the end of a page that is followed by one that nobody may touch: reading past them ends the process.
@safe final class GuardedBytes {
    private let base: UnsafeMutableRawPointer
    private let mapped: Int
    private let start: Int
    private let count: Int

    init?(_ bytes: [UInt8]) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let pages = (bytes.count + page - 1) / page * page
        let all = pages + page
        guard let base = unsafe mmap(nil, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), unsafe base != MAP_FAILED else { return nil }
        unsafe mprotect(base + pages, page, PROT_NONE)
        unsafe (self.base, mapped, start, count) = (base, all, pages - bytes.count, bytes.count)
        unsafe bytes.withUnsafeBytes { source in
            if let from = source.baseAddress { unsafe (base + start).copyMemory(from: from, byteCount: source.count) }
        }
        unsafe mprotect(base, pages, PROT_READ)
    }

    /// Calls `body` with the bytes in place.
    func withSpan<Value, Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Value) throws(Failure) -> Value {
        let buffer = unsafe UnsafeBufferPointer(start: UnsafePointer((base + start).assumingMemoryBound(to: UInt8.self)), count: count)
        return try unsafe body(buffer.span)
    }

    /// The bytes as a model's storage, which keeps this object alive.
    func storage() -> ByteStorage {
        let keeper = Keeper(self)
        return unsafe ByteStorage(base: UnsafeRawPointer(base + start), count: count) { _, _ in _ = keeper }
    }

    /// The mapping never changes, so any thread may hold it.
    private final class Keeper: @unchecked Sendable {
        let bytes: GuardedBytes
        init(_ bytes: GuardedBytes) { self.bytes = bytes }
    }

    deinit { unsafe _ = munmap(base, mapped) }
}

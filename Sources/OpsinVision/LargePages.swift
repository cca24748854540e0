private import Glibc

/// Memory for a photo's samples comes fresh from the system at each photo, 4 KB at a time: for 12 megapixels that costs more than half of what decoding does.
/// With pages of 2 MB, where the system has them for the asking, it costs a tenth.
enum LargePages {
    /// Below this it makes no difference.
    private static let least = 4 << 20
    private static let page = 4096

    /// Asks for large pages under memory that nobody has written yet. Whether the system gives them changes no result.
    @unsafe static func advise(_ memory: UnsafeMutableRawPointer?, _ byteCount: Int) {
        guard let memory = unsafe memory, byteCount >= least else { return }
        let start = (UInt(bitPattern: memory) + UInt(page) - 1) & ~UInt(page - 1)
        let end = (UInt(bitPattern: memory) + UInt(byteCount)) & ~UInt(page - 1)
        _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), Int32(MADV_HUGEPAGE))
    }
}

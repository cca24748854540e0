import Glibc

/// Reading and writing whole files, without Foundation.
package enum File {
    /// Largest file that is read: 2 GB.
    package static let maximumBytes = 1 << 31

    /// Reads a regular file. With `accept`, the first bytes (at most 64) are shown to it before the rest is read; it throws when they are no good.
    package static func read(_ path: String, accept: ([UInt8]) throws(VisionError) -> Void = { (_) throws(VisionError) in }) throws(VisionError) -> [UInt8] {
        // O_NONBLOCK: opening a named pipe, which is refused below, must not wait for its writer.
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure("cannot be opened", path) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw failure("cannot be read", path) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw VisionError(.file, "expected a file, found a folder", path: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw VisionError(.file, "expected a regular file", path: path) }
        let size = Int(status.st_size)
        guard size <= maximumBytes else { throw VisionError(.tooLarge, "expected at most \(maximumBytes) bytes, found \(size)", path: path) }
        let head = try read(file, at: 0, count: min(size, 64), path)
        do { try accept(head) } catch { throw error.naming(path) }
        return try read(file, at: 0, count: size, path)
    }

    private static func read(_ file: Int32, at offset: Int, count: Int, _ path: String) throws(VisionError) -> [UInt8] {
        var problem: VisionError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            guard let base = buffer.baseAddress else { return }
            while done < count {
                let got = unsafe pread(file, base + done, count - done, off_t(offset + done))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { problem = failure("cannot be read", path) }
                if got <= 0 { return }
                done += got
            }
        }
        if let problem { throw problem }
        return bytes
    }

    /// Writes a file, replacing what was there.
    package static func write(_ bytes: Span<UInt8>, to path: String) throws(VisionError) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(0o644))
        guard file >= 0 else { throw failure("cannot be written", path) }
        var problem: VisionError?
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var done = 0
            while done < buffer.count {
                let put = unsafe Glibc.write(file, base + done, buffer.count - done)
                if put < 0 && errno == EINTR { continue }
                if put <= 0 {
                    problem = failure("cannot be written", path)
                    return
                }
                done += put
            }
        }
        if close(file) != 0, problem == nil { problem = failure("cannot be written", path) }
        if let problem { throw problem }
    }

    private static func failure(_ what: String, _ path: String) -> VisionError {
        VisionError(.file, "\(what): \(unsafe String(cString: strerror(errno)))", path: path)
    }
}

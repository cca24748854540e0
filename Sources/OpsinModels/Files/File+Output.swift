private import Glibc

extension File {
    /// A file that is being written.
    struct Output: ~Copyable {
        private let descriptor: Int32
        private let path: String

        fileprivate init(descriptor: Int32, path: String) { (self.descriptor, self.path) = (descriptor, path) }

        /// Appends all of `bytes`.
        mutating func write(_ bytes: [UInt8]) throws(ModelError) {
            var done = 0
            while done < bytes.count {
                let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done) }
                guard written >= 0 else {
                    if errno == EINTR { continue }
                    throw File.failure(path, "cannot be written")
                }
                done += written
            }
        }

        /// Waits until the bytes are on the disk, so that a rename cannot outrun them.
        fileprivate mutating func sync() throws(ModelError) {
            guard fsync(descriptor) == 0 || errno == EINVAL else { throw File.failure(path, "cannot be written") }
        }
    }

    /// Writes a file beside `path` and renames it to `path` when `body` has returned: readers see the old file or the new one, never a part.
    ///
    /// - Parameter durably: waits until the disk has the bytes, so that this holds after a power failure too. It takes as long as a small model.
    static func replace(_ path: String, durably: Bool = true, _ body: (inout Output) throws(ModelError) -> Void) throws(ModelError) {
        guard !path.utf8.contains(0) else { throw ModelError(.file, file: path, "is no path: it holds a zero byte") }
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).part"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path, "cannot be written") }
        do {
            defer { close(descriptor) }
            var output = Output(descriptor: descriptor, path: path)
            try body(&output)
            if durably { try output.sync() }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else {
            let error = failure(path, "cannot be written")
            unsafe unlink(temporary)
            throw error
        }
    }

    /// Writes a small file at once, in the same way.
    package static func write(_ bytes: [UInt8], to path: String) throws(ModelError) {
        try replace(path) { (out: inout Output) throws(ModelError) in try out.write(bytes) }
    }
}

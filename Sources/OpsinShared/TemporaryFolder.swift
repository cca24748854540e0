internal import COpsin
internal import Glibc

/// A model folder that exists only while a model is opened from memory: weights stay mapped after its files are gone.
final class TemporaryFolder {
    let path: String

    init(_ files: opsin_model_files) throws(Failure) {
        guard unsafe files.config != nil, unsafe files.weights != nil else {
            throw .null(unsafe files.config == nil ? "files->config" : "files->weights")
        }
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/opsin-XXXXXX").utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw Failure(OPSIN_E_IO, "\(parent): no folder can be made there: \(unsafe String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do {
            try unsafe write(files.config, files.config_bytes, "config.json")
            try unsafe write(files.preprocessor, files.preprocessor_bytes, "preprocessor_config.json")
            try unsafe write(files.weights, files.weights_bytes, "model.safetensors")
        } catch {
            Self.remove(path)
            throw error
        }
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in ["config.json", "preprocessor_config.json", "model.safetensors"] { unsafe unlink(path + "/" + name) }
        unsafe rmdir(path)
    }

    /// The caller never saw this folder: errors speak of files in memory.
    func hidingPath(in message: String) -> String {
        // Errors begin with the file that they are about.
        message.hasPrefix(path) ? "memory" + message.dropFirst(path.count) : message
    }

    private func write(_ bytes: UnsafeRawPointer?, _ count: UInt64, _ name: String) throws(Failure) {
        guard let bytes = unsafe bytes else { return }
        guard count < 1 << 40, let count = Int(exactly: count) else { throw Failure(OPSIN_E_ARGUMENT, "\(name) of \(count) bytes is too large") }
        let file = unsafe open(path + "/" + name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o600))
        guard file >= 0 else { throw failure(name) }
        defer { close(file) }
        var done = 0
        while done < count {
            let put = unsafe Glibc.write(file, bytes + done, count - done)
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { throw failure(name) }
            done += put
        }
    }

    private func failure(_ name: String) -> Failure {
        Failure(OPSIN_E_IO, "\(path)/\(name): cannot be written: \(unsafe String(cString: strerror(errno)))")
    }
}

import Glibc

/// Reading and writing whole text files, without Foundation.
package enum Files {
    /// The bytes of a file as text, or the system's reason.
    package static func read(_ path: String) throws(ShaderErrors) -> String {
        guard let file = unsafe fopen(path, "rb") else { throw ShaderErrors(path, 0, reason()) }
        defer { unsafe _ = fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            bytes += chunk.prefix(count)
            if count < chunk.count { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes `text` beside `path` and renames it there, so that a build that is stopped leaves no half file.
    package static func write(_ text: String, to path: String) throws(ShaderErrors) {
        let part = path + ".part"
        guard let file = unsafe fopen(part, "wb") else { throw ShaderErrors(part, 0, reason()) }
        let bytes = Array(text.utf8)
        let count = unsafe fwrite(bytes, 1, bytes.count, file)
        let closed = unsafe fclose(file)
        guard count == bytes.count, closed == 0, unsafe rename(part, path) == 0 else { throw ShaderErrors(path, 0, reason()) }
    }

    /// The paths of a folder's files with this ending, sorted.
    package static func list(_ folder: String, ending: String) throws(ShaderErrors) -> [String] {
        guard let directory = unsafe opendir(folder) else { throw ShaderErrors(folder, 0, reason()) }
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasSuffix(ending) { names.append("\(folder)/\(name)") }
        }
        return names.sorted()
    }

    private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}

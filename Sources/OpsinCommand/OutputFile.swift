internal import Glibc
internal import Opsin

/// Files that the command writes.
enum OutputFile {
    static func write(_ text: String, to path: String) throws(OpsinError) {
        guard let file = unsafe fopen(path, "wb") else { throw OpsinError(.io, "\(path): cannot be written (\(unsafe String(cString: strerror(errno))))") }
        let bytes = Array(text.utf8)
        let written = unsafe fwrite(bytes, 1, bytes.count, file)
        guard unsafe fclose(file) == 0, written == bytes.count else { throw OpsinError(.io, "\(path): could not be written to its end (is the disk full?)") }
    }
}

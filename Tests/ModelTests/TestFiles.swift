import Foundation
import OpsinGraph
import OpsinModels

/// A folder of its own that goes away with the object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("opsin-model-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Writes a file of text; returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    /// Writes a file of bytes; returns its path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// What is in the folder.
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The bytes of a safetensors file of this header text and `dataCount` bytes 0, 1, 2, ...
func safetensors(_ header: String, dataCount: Int) -> [UInt8] {
    let text = Array(header.utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + (0..<dataCount).map { UInt8(truncatingIfNeeded: $0) }
}

/// Bytes as storage, one past an aligned address so that nothing in it is aligned.
func storage(_ bytes: [UInt8]) -> ByteStorage {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes.count + 1, alignment: 16)
    for (index, byte) in bytes.enumerated() { unsafe memory.storeBytes(of: byte, toByteOffset: index + 1, as: UInt8.self) }
    return unsafe ByteStorage(base: UnsafeRawPointer(memory + 1), count: bytes.count) { base, _ in
        unsafe UnsafeMutableRawPointer(mutating: base - 1).deallocate()
    }
}

/// The error text that `body` throws; nil when it throws none.
func message(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}

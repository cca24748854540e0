package import OpsinGraph

/// A safetensors file, mapped. Nothing of it is trusted: `init` checks every number of the header before a byte of data is read.
package struct SafetensorsFile: Sendable {
    /// Name for messages.
    package let path: String
    /// In the order of their bytes.
    package let tensors: [TensorEntry]
    /// Free text under `__metadata__`.
    package let metadata: [String: String]
    private let storage: ByteStorage

    /// Maps the file at `path`.
    package init(path: String) throws(ModelError) {
        try self.init(storage: File.map(path), path: path)
    }

    /// Reads a file that is in memory; `path` is its name in messages.
    package init(storage: ByteStorage, path: String) throws(ModelError) {
        guard storage.count >= 8 else { throw ModelError(.format, file: path, "has \(storage.count) bytes, expected a safetensors file of at least 8") }
        guard unsafe !storage.withBytes({ unsafe $0.starts(with: "version https://git-lfs".utf8) }) else {
            throw ModelError(.format, file: path, "is a pointer of Git LFS, not the weights; fetch them with: git lfs pull")
        }
        let length = unsafe storage.withBytes { unsafe UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        let limit = min(storage.count - 8, SafetensorsHeader.maximumByteCount)
        guard length <= UInt64(limit) else {
            throw ModelError(
                .format, file: path,
                "says that its header has \(length) bytes, expected at most \(limit); no safetensors file, or cut short"
            )
        }
        let dataStart = 8 + Int(length)
        let text = unsafe storage.withBytes { unsafe [UInt8](UnsafeRawBufferPointer(rebasing: $0[8..<dataStart])) }
        let header = try SafetensorsHeader(text.span, dataStart: dataStart, fileCount: storage.count, file: path)
        (self.path, self.storage, tensors, metadata) = (path, storage, header.tensors, header.metadata)
    }

    /// The tensor as a weight, a view of the mapping; nil when it is empty or of no type that weights have.
    package func constant(_ tensor: TensorEntry) -> Constant? {
        guard let type = tensor.type.constant else { return nil }
        return Constant(name: tensor.name, dimensions: tensor.dimensions, type: type, storage: storage, offset: tensor.bytes.lowerBound)
    }

    /// Calls `body` with the stored bytes of one of `tensors`, which may stand at any alignment.
    package func withBytes<Result, Failure: Error>(of tensor: TensorEntry, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result
    {
        let range = tensor.bytes.clamped(to: 0..<storage.count)
        return unsafe try storage.withBytes { (all) throws(Failure) in unsafe try body(UnsafeRawBufferPointer(rebasing: all[range])) }
    }
}

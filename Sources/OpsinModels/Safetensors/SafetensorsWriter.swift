/// Writes safetensors files. The file appears whole or not at all: it is written beside its place and renamed.
package struct SafetensorsWriter: Sendable {
    /// A tensor to write: its form, and who supplies its bytes when their turn comes.
    package struct Tensor: Sendable {
        package let name: String
        package let type: TensorType
        package let dimensions: [Int]
        /// Gives exactly the bytes of `type` and `dimensions`, little endian, row-major.
        package let bytes: @Sendable () throws(ModelError) -> [UInt8]

        package init(name: String, type: TensorType, dimensions: [Int], bytes: @escaping @Sendable () throws(ModelError) -> [UInt8]) {
            (self.name, self.type, self.dimensions, self.bytes) = (name, type, dimensions, bytes)
        }

        /// A float32 tensor of these values.
        package init(name: String, dimensions: [Int], values: [Float]) {
            self.init(name: name, type: .float32, dimensions: dimensions) { unsafe values.withUnsafeBytes { unsafe [UInt8]($0) } }
        }
    }

    /// Text that is stored under `__metadata__`; `format: pt` is what transformers asks for.
    package var metadata: [String: String] = ["format": "pt"]

    /// Whether a file is on the disk when it has been written: model files are, results need not be.
    package let isDurable: Bool

    package init(isDurable: Bool = true) { self.isDurable = isDurable }

    /// Writes `tensors` to `path`: larger elements first, then by name, so that every tensor is aligned to its elements.
    package func write(_ tensors: [Tensor], to path: String) throws(ModelError) {
        let sorted = tensors.sorted { $0.type.byteCount != $1.type.byteCount ? $0.type.byteCount > $1.type.byteCount : $0.name < $1.name }
        var members = [JSON.Member("__metadata__", .object(metadata.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }))]
        var counts: [Int] = []
        var end = 0
        for tensor in sorted {
            guard tensor.name != "__metadata__", members.last?.name != tensor.name else {
                throw ModelError(.format, file: path, "cannot hold a tensor \(shown(tensor.name)) twice, or of a reserved name")
            }
            var count = tensor.type.byteCount
            for dimension in tensor.dimensions {
                let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
                guard dimension >= 0, !overflow else {
                    throw ModelError(.format, file: path, "tensor \(shown(tensor.name)): shape \(tensor.dimensions) is no shape")
                }
                count = product
            }
            let (next, overflow) = end.addingReportingOverflow(count)
            guard !overflow else { throw ModelError(.format, file: path, "the tensors are larger than any file") }
            members.append(
                JSON.Member(
                    tensor.name,
                    [
                        "dtype": .string(tensor.type.rawValue), "shape": .array(tensor.dimensions.map { .integer($0) }),
                        "data_offsets": [.integer(end), .integer(next)],
                    ]))
            counts.append(count)
            end = next
        }
        var header = Array(JSON.object(members).text.utf8)
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        guard header.count <= SafetensorsHeader.maximumByteCount else { throw ModelError(.format, file: path, "the header would have \(header.count) bytes") }
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }

        try File.replace(path, durably: isDurable) { (out: inout File.Output) throws(ModelError) in
            try out.write(length)
            try out.write(header)
            for (tensor, count) in zip(sorted, counts) {
                let bytes = try tensor.bytes()
                guard bytes.count == count else {
                    throw ModelError(
                        .format, file: path,
                        "tensor \(shown(tensor.name)): \(bytes.count) bytes, expected \(count) for \(tensor.type.rawValue) \(tensor.dimensions)")
                }
                try out.write(bytes)
            }
        }
    }
}

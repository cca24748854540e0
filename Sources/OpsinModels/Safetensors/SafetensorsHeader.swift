/// One tensor of a safetensors file: name, type, dimensions, and where its bytes are.
package struct TensorEntry: Hashable, Sendable {
    package let name: String
    package let type: TensorType
    /// Empty for a scalar; a dimension may be 0.
    package let dimensions: [Int]
    /// Bytes of the file. As many as dimensions and type say.
    package let bytes: Range<Int>
}

/// The header of a safetensors file, checked: every tensor lies in the file, none overlaps another, and no byte of the data is left over.
///
/// Format: eight bytes, little endian, the length of the header; the header, a JSON object from names to `dtype`, `shape` and `data_offsets`
/// (relative to the end of the header); the data. <https://github.com/huggingface/safetensors#format>
struct SafetensorsHeader {
    /// Longest header that is read, as in the format's own library.
    static let maximumByteCount = 100_000_000

    /// In the order of their bytes.
    var tensors: [TensorEntry] = []
    /// Free text under `__metadata__`.
    var metadata: [String: String] = [:]

    /// Reads the JSON text of a header whose data begin at byte `dataStart` of a file of `fileCount` bytes.
    init(_ text: Span<UInt8>, dataStart: Int, fileCount: Int, file: String) throws(ModelError) {
        let json: JSON
        do {
            json = try JSON(parsing: text)
        } catch {
            throw ModelError(.format, file: file, "the header is \(error.description)")
        }
        guard let members = json.members else { throw ModelError(.format, file: file, "the header is no JSON object") }
        tensors.reserveCapacity(members.count)
        for member in members {
            if member.name == "__metadata__" {
                metadata = try Self.metadata(member.value, file: file)
            } else {
                tensors.append(try Self.entry(member, dataStart: dataStart, fileCount: fileCount, file: file))
            }
        }
        tensors.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
        try checkCover(dataStart: dataStart, fileCount: fileCount, file: file)
    }

    private static func metadata(_ json: JSON, file: String) throws(ModelError) -> [String: String] {
        guard let members = json.members else { throw ModelError(.format, file: file, "__metadata__ is no JSON object") }
        var metadata: [String: String] = [:]
        for member in members {
            guard let text = member.value.string else { throw ModelError(.format, file: file, "__metadata__ \"\(shown(member.name))\" is no string") }
            metadata[member.name] = text
        }
        return metadata
    }

    private static func entry(_ member: JSON.Member, dataStart: Int, fileCount: Int, file: String) throws(ModelError) -> TensorEntry {
        func wrong(_ reason: String) -> ModelError { ModelError(.format, file: file, "tensor \(shown(member.name)): \(reason)") }
        guard let typeName = member.value["dtype"]?.string else { throw wrong("no dtype") }
        guard let type = TensorType(rawValue: typeName) else {
            throw wrong("unknown dtype \"\(shown(typeName, limit: 20))\", expected F32, F16, BF16, I64 or another of the format's")
        }
        guard let shape = member.value["shape"]?.array else { throw wrong("no shape") }
        guard shape.count <= 16 else { throw wrong("\(shape.count) dimensions, expected at most 16") }
        var dimensions: [Int] = []
        var byteCount = type.byteCount
        var overflow = false
        for value in shape {
            guard case .integer(let dimension) = value, dimension >= 0 else { throw wrong("dimension \(shown(value.text, limit: 30)) of the shape is no size") }
            dimensions.append(dimension)
            let (product, overflows) = byteCount.multipliedReportingOverflow(by: dimension)
            // A later 0 makes the product 0, but no honest file has such a shape.
            overflow = overflow || overflows
            byteCount = product
        }
        guard !overflow else { throw wrong("shape \(dimensions) is larger than any file") }
        guard let offsets = member.value["data_offsets"]?.array, offsets.count == 2, case .integer(let begin) = offsets[0], case .integer(let end) = offsets[1]
        else {
            throw wrong("data_offsets are \(shown(member.value["data_offsets"]?.text ?? "missing", limit: 40)), expected two integers")
        }
        guard begin >= 0, begin <= end, end <= fileCount - dataStart else {
            throw wrong("data_offsets [\(begin), \(end)] do not lie in the \(fileCount - dataStart) bytes of data; the file is damaged or cut short")
        }
        guard end - begin == byteCount else {
            throw wrong("data_offsets [\(begin), \(end)] hold \(end - begin) bytes, expected \(byteCount) for \(typeName) \(dimensions)")
        }
        return TensorEntry(name: member.name, type: type, dimensions: dimensions, bytes: dataStart + begin..<dataStart + end)
    }

    /// Throws unless the tensors stand one after the other and fill the data: the format allows neither overlap nor holes.
    private func checkCover(dataStart: Int, fileCount: Int, file: String) throws(ModelError) {
        var end = dataStart
        for tensor in tensors {
            guard tensor.bytes.lowerBound >= end else {
                throw ModelError(
                    .format, file: file,
                    "tensor \(shown(tensor.name)): begins at byte \(tensor.bytes.lowerBound - dataStart) of the data, inside the tensor before it")
            }
            guard tensor.bytes.lowerBound == end else {
                throw ModelError(
                    .format, file: file,
                    "bytes \(end - dataStart) to \(tensor.bytes.lowerBound - dataStart) of the data belong to no tensor; the header is incomplete"
                )
            }
            end = tensor.bytes.upperBound
        }
        guard end == fileCount else {
            throw ModelError(.format, file: file, "\(fileCount - end) bytes at the end belong to no tensor; the header is incomplete")
        }
    }
}

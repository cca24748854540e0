import Glibc
import OpsinModels
import OpsinVision

/// Where the expected values are: copies beside the tests, and the whole oracle beside the checkout where there is one.
enum Oracle {
    static let resources = folder(of: #filePath) + "/Resources"

    /// `shared/oracle` beside a folder above this file; nil in a bare clone.
    static let shared: String? = {
        var path = folder(of: #filePath)
        while !path.isEmpty {
            let candidate = path + "/shared/oracle"
            if exists(candidate) { return candidate }
            path = folder(of: path)
        }
        return nil
    }()

    static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "" }

    static func exists(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    static func json(_ path: String) throws -> JSON {
        let bytes = try File.read(path)
        return try JSON(parsing: bytes.span)
    }

    /// The `cases` of a `cases.json`.
    static func cases(_ path: String) throws -> [JSON] { try json(path)["cases"]?.array ?? [] }
}

/// Float tensors of a safetensors file.
struct FloatTensors {
    private let bytes: [UInt8]
    private let header: JSON
    private let data: Int

    init(_ path: String) throws {
        bytes = try File.read(path)
        let size = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        data = 8 + size
        let text = Array(bytes[8..<data])
        header = try JSON(parsing: text.span)
    }

    func shape(_ name: String) -> [Int] { header[name]?["shape"]?.array?.compactMap(\.int) ?? [] }

    /// The bytes of a tensor of 8-bit numbers.
    func bytes(_ name: String) -> [UInt8] {
        guard let offsets = header[name]?["data_offsets"]?.array?.compactMap(\.int), offsets.count == 2 else { return [] }
        return Array(bytes[data + offsets[0]..<data + offsets[1]])
    }

    subscript(name: String) -> [Float] {
        guard let offsets = header[name]?["data_offsets"]?.array?.compactMap(\.int), offsets.count == 2 else { return [] }
        return stride(from: data + offsets[0], to: data + offsets[1], by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) })
        }
    }
}

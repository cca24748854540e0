/// One variable of a TensorFlow checkpoint, as its index describes it (`BundleEntryProto`).
struct CheckpointEntry: Sendable {
    let name: String
    /// TensorFlow's `DataType`.
    let type: Int
    let dimensions: [Int]
    let shard: Int
    let offset: Int
    let byteCount: Int
    /// Masked CRC32C of the bytes.
    let checksum: UInt32

    /// The type's name and the bytes of an element, for the types that variables have.
    static let types: [Int: (name: String, byteCount: Int)] = [
        1: ("F32", 4), 2: ("F64", 8), 3: ("I32", 4), 4: ("U8", 1), 5: ("I16", 2), 6: ("I8", 1), 9: ("I64", 8), 10: ("BOOL", 1), 14: ("BF16", 2), 17: ("U16", 2),
        19: ("F16", 2), 22: ("U32", 4), 23: ("U64", 8),
    ]

    /// Reads the message; nil when it is none or its numbers contradict each other. `isSliced` tells variables that are stored in pieces.
    init?(name: String, _ message: ArraySlice<UInt8>, isSliced: inout Bool) {
        var fields = ProtobufReader(message)
        var type = 0, shard = 0, offset = 0, byteCount = 0, checksum: UInt32 = 0
        var dimensions: [Int] = []
        while let (number, value) = fields.next() {
            switch (number, value) {
            case (1, .varint(let value)): type = Int(clamping: value)
            case (2, .bytes(let shape)):
                guard let sides = Self.sides(shape) else { return nil }
                dimensions = sides
            case (3, .varint(let value)): shard = Int(clamping: value)
            case (4, .varint(let value)): offset = Int(clamping: value)
            case (5, .varint(let value)): byteCount = Int(clamping: value)
            case (6, .fixed32(let value)): checksum = value
            case (7, _): isSliced = true
            default: break
            }
        }
        guard !fields.isBroken, offset <= 1 << 48, byteCount <= 1 << 48 else { return nil }
        (self.name, self.type, self.dimensions, self.shard) = (name, type, dimensions, shard)
        (self.offset, self.byteCount, self.checksum) = (offset, byteCount, checksum)
    }

    /// The sides of a `TensorShapeProto`; nil when one is no length.
    private static func sides(_ message: ArraySlice<UInt8>) -> [Int]? {
        var fields = ProtobufReader(message), sides: [Int] = []
        while let (number, value) = fields.next() {
            guard number == 2, case .bytes(let dimension) = value else { continue }
            var inner = ProtobufReader(dimension), side = 0
            while let (number, value) = inner.next() {
                if number == 1, case .varint(let length) = value { side = Int(clamping: length) }
            }
            guard !inner.isBroken, side <= 1 << 40, sides.count < 16 else { return nil }
            sides.append(side)
        }
        return fields.isBroken ? nil : sides
    }

    /// The bytes that `type` and `dimensions` ask for; nil for a type without a fixed size, and for what is too large.
    var expectedByteCount: Int? {
        guard var count = Self.types[type]?.byteCount else { return nil }
        for side in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: side)
            guard !overflow else { return nil }
            count = product
        }
        return count
    }
}

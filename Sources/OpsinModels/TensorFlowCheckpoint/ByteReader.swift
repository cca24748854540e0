/// Reads numbers out of bytes that nobody vouches for: every read says whether there was enough.
struct ByteReader {
    let bytes: ArraySlice<UInt8>
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>) { (self.bytes, position) = (bytes, bytes.startIndex) }

    var remaining: Int { bytes.endIndex - position }

    /// A variable-length integer of at most ten bytes, seven bits each; nil when it is cut short or does not fit.
    mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < bytes.endIndex else { return nil }
            let byte = bytes[position]
            position += 1
            let part = UInt64(byte & 127)
            guard shift < 63 || part <= 1 else { return nil }
            value |= part << shift
            if byte < 128 { return value }
        }
        return nil
    }

    /// A variable-length integer of 0 to `limit`.
    mutating func int(limit: Int = 1 << 48) -> Int? {
        guard let value = varint(), value <= UInt64(limit) else { return nil }
        return Int(value)
    }

    mutating func fixed32() -> UInt32? {
        guard let four = take(4) else { return nil }
        return four.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The next `count` bytes.
    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }
}

/// The fields of a protobuf message, one after the other.
struct ProtobufReader {
    /// What a field holds, by its wire type.
    enum Value {
        case varint(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed32(UInt32)
        case fixed64
    }

    private var reader: ByteReader
    /// Set when a field could not be read.
    private(set) var isBroken = false

    init(_ bytes: ArraySlice<UInt8>) { reader = ByteReader(bytes) }

    /// The next field; nil at the end, and at bytes that are no field.
    mutating func next() -> (number: Int, value: Value)? {
        guard reader.remaining > 0 else { return nil }
        guard let tag = reader.int(limit: Int(Int32.max)) else { return broken() }
        let number = tag >> 3
        switch tag & 7 {
        case 0: if let value = reader.varint() { return (number, .varint(value)) }
        case 1: if reader.take(8) != nil { return (number, .fixed64) }
        case 2: if let count = reader.int(), let bytes = reader.take(count) { return (number, .bytes(bytes)) }
        case 5: if let value = reader.fixed32() { return (number, .fixed32(value)) }
        default: break
        }
        return broken()
    }

    private mutating func broken() -> (number: Int, value: Value)? {
        isBroken = true
        return nil
    }
}

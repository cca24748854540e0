/// Repairs that let a mutated file through the first door, so that what lies behind is reached.
enum Structure {
    /// The header text of a safetensors file under its right length, and the data.
    static func safetensors(header: [UInt8], data: [UInt8]) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + data
    }

    /// Header and data of a safetensors file; nil when its length is wrong.
    static func safetensorsParts(_ bytes: [UInt8]) -> (header: [UInt8], data: [UInt8])? {
        guard bytes.count >= 8 else { return nil }
        let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(bytes.count - 8) else { return nil }
        return (Array(bytes[8..<8 + Int(length)]), Array(bytes[(8 + Int(length))...]))
    }

    /// A PNG with the right checksum behind every chunk.
    static func withPNGChecksums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var at = 8
        while at <= bytes.count - 12 {
            let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = at + 8 + length
            guard end <= bytes.count - 4 else { break }
            let sum = crc(bytes[at + 4..<end])
            for index in 0..<4 { bytes[end + index] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * index)) }
            at = end + 4
        }
        return bytes
    }

    /// A WebP whose outer length is that of the file.
    static func withRIFFLength(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        guard bytes.count >= 12 else { return bytes }
        for index in 0..<4 { bytes[4 + index] = UInt8(truncatingIfNeeded: (bytes.count - 8) >> (8 * index)) }
        return bytes
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
    }

    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }
}

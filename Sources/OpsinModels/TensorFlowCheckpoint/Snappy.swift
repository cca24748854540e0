/// Snappy's block format: a length, then literals and copies of what was already written.
package enum Snappy {
    /// The decompressed bytes; nil when the input is no such block, or would give more than `limit` bytes.
    package static func decompress(_ input: ArraySlice<UInt8>, limit: Int) -> [UInt8]? {
        var reader = ByteReader(input)
        guard let count = reader.int(limit: limit) else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(count)
        while reader.remaining > 0 {
            guard let tag = reader.take(1)?.first else { return nil }
            let length: Int, distance: Int
            switch tag & 3 {
            case 0:
                guard let literal = literalLength(tag, &reader), literal <= count - out.count, let bytes = reader.take(literal) else { return nil }
                out += bytes
                continue
            case 1:
                guard let low = reader.take(1)?.first else { return nil }
                (length, distance) = (Int(tag >> 2 & 7) + 4, Int(tag >> 5) << 8 | Int(low))
            case 2:
                guard let two = number(2, &reader) else { return nil }
                (length, distance) = (Int(tag >> 2) + 1, two)
            default:
                guard let four = number(4, &reader) else { return nil }
                (length, distance) = (Int(tag >> 2) + 1, four)
            }
            guard distance >= 1, distance <= out.count, length <= count - out.count else { return nil }
            // Byte by byte: a copy may overlap what it writes.
            for _ in 0..<length { out.append(out[out.count - distance]) }
        }
        return out.count == count ? out : nil
    }

    private static func literalLength(_ tag: UInt8, _ reader: inout ByteReader) -> Int? {
        let short = Int(tag >> 2)
        return short < 60 ? short + 1 : number(short - 59, &reader).map { $0 + 1 }
    }

    /// `count` (1 to 4) bytes, little endian.
    private static func number(_ count: Int, _ reader: inout ByteReader) -> Int? {
        reader.take(count)?.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

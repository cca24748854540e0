/// A sorted table of keys and values in LevelDB's format, as TensorFlow writes it: blocks of prefix-compressed entries, each with a masked CRC32C, an
/// index block of where they stand, and a footer.
struct TableFile {
    /// Largest size of a block when it is decompressed, and of all entries together.
    private static let blockLimit = 64 << 20
    private static let entryLimit = 1 << 16
    private static let footerCount = 48
    private static let magic: [UInt8] = [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]

    /// In the order of the keys.
    let entries: [(key: [UInt8], value: [UInt8])]

    /// Reads a whole table; `file` is its name in messages.
    init(_ bytes: [UInt8], file: String) throws(ModelError) {
        guard bytes.count >= Self.footerCount, Array(bytes.suffix(8)) == Self.magic else {
            throw ModelError(.format, file: file, "is no index of a TensorFlow checkpoint (\(bytes.count) bytes, the table's magic number is not at the end)")
        }
        var footer = ByteReader(bytes[(bytes.count - Self.footerCount)...])
        guard footer.int() != nil, footer.int() != nil, let offset = footer.int(), let count = footer.int() else {
            throw ModelError(.format, file: file, "the table's footer is broken")
        }
        var entries: [(key: [UInt8], value: [UInt8])] = []
        var total = 0
        for (_, handle) in try Self.entries(of: Self.block(bytes, offset, count, file), file) {
            var reader = ByteReader(handle[...])
            guard let offset = reader.int(), let count = reader.int() else { throw ModelError(.format, file: file, "the table's index names no block") }
            // Blocks do not overlap: an index that names one again and again must not keep us busy.
            total += count
            guard total <= bytes.count else { throw ModelError(.format, file: file, "its blocks are larger together than the file") }
            entries += try Self.entries(of: Self.block(bytes, offset, count, file), file)
            guard entries.count <= Self.entryLimit else { throw ModelError(.format, file: file, "holds more than \(Self.entryLimit) entries") }
        }
        self.entries = entries
    }

    /// The contents of the block at `offset`, checked and decompressed. Five bytes follow it: how it is compressed, and the checksum.
    private static func block(_ bytes: [UInt8], _ offset: Int, _ count: Int, _ file: String) throws(ModelError) -> [UInt8] {
        // `int` gives at most 2^48: the sum cannot overflow.
        guard offset + count + 5 <= bytes.count else {
            throw ModelError(.format, file: file, "a block of \(count) bytes at \(offset) is outside of the file's \(bytes.count)")
        }
        var trailer = ByteReader(bytes[(offset + count + 1)...])
        let found = unsafe CRC32C.masked(bytes.withUnsafeBytes { unsafe CRC32C.of(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count + 1])) })
        guard trailer.fixed32() == found else {
            throw ModelError(.format, file: file, "the block at byte \(offset) does not have its CRC32C: the file is damaged")
        }
        let content = bytes[offset..<offset + count]
        switch bytes[offset + count] {
        case 0: return Array(content)
        case 1:
            guard let plain = Snappy.decompress(content, limit: blockLimit) else {
                throw ModelError(.format, file: file, "the block at byte \(offset) is not what Snappy writes")
            }
            return plain
        case let kind: throw ModelError(.unsupported, file: file, "the block at byte \(offset) has compression \(kind), expected 0 (none) or 1 (Snappy)")
        }
    }

    /// A block's entries. Each repeats part of the key before it; the block ends with restart points, which reading in order does not need.
    private static func entries(of block: [UInt8], _ file: String) throws(ModelError) -> [(key: [UInt8], value: [UInt8])] {
        let broken = ModelError(.format, file: file, "a block of the table is broken")
        guard block.count >= 4 else { throw broken }
        var tail = ByteReader(block[(block.count - 4)...])
        guard let restarts = tail.fixed32(), Int(restarts) <= (block.count - 4) / 4 else { throw broken }
        var reader = ByteReader(block[..<(block.count - 4 - 4 * Int(restarts))])
        var entries: [(key: [UInt8], value: [UInt8])] = []
        var key: [UInt8] = []
        while reader.remaining > 0 {
            guard let shared = reader.int(), let rest = reader.int(), let length = reader.int(), shared <= key.count, rest <= 4096,
                let suffix = reader.take(rest), let value = reader.take(length)
            else { throw broken }
            key = Array(key.prefix(shared)) + suffix
            guard key.count <= 4096 else { throw broken }
            entries.append((key, Array(value)))
            guard entries.count <= entryLimit else { throw broken }
        }
        return entries
    }
}

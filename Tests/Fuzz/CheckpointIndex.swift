import OpsinModels

/// Indices of TensorFlow checkpoints to mutate below their checksums: one block of entries, and the file around any block.
enum CheckpointIndex {
    /// Bytes of the shard that every variable points into: zeros.
    static let shardCount = 1 << 16

    /// The entries of a few variables: weights, a moving average in place of one, a slot, a counter. Their checksums are those of zeros.
    static let block: [UInt8] = {
        let average = "moat/stem/conv_0/kernel/ExponentialMovingAverage"
        let variables: [(name: String, type: Int, dimensions: [Int], elementBytes: Int)] = [
            ("global_step", 9, [], 8), ("moat/logits_head/bias", 1, [16], 4), ("moat/logits_head/kernel", 1, [1, 1, 32, 16], 4),
            ("moat/stem/conv_0/bias", 19, [32], 2), ("moat/stem/conv_0/kernel", 1, [3, 3, 3, 32], 4), (average, 1, [3, 3, 3, 32], 4),
            ("moat/stem/conv_0/kernel/Momentum", 1, [3, 3, 3, 32], 4), ("moat/stem/norm_0/gamma", 14, [32], 2),
        ]
        var entries: [(key: String, value: [UInt8])] = [("", field(1, 1) + field(3, field(1, 1)))]
        var offset = 0
        for variable in variables {
            let byteCount = variable.dimensions.reduce(variable.elementBytes, *)
            let shape = variable.dimensions.flatMap { side in field(2, field(1, side)) }
            let checksum = masked([UInt8](repeating: 0, count: byteCount))
            entries.append(
                (variable.name, field(1, variable.type) + field(2, shape) + field(4, offset) + field(5, byteCount) + [6 << 3 | 5] + checksum))
            offset += byteCount
        }
        return table(entries)
    }()

    /// The file whose only block of entries is `block`.
    static func file(_ block: [UInt8], isCompressed: Bool = false) -> [UInt8] {
        file(stored: isCompressed ? snappy(block) : block, kind: isCompressed ? 1 : 0)
    }

    /// The file around a block as it is stored: handles and checksums are right whatever the block holds.
    static func file(stored: [UInt8], kind: UInt8) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ content: [UInt8], _ kind: UInt8) -> [UInt8] {
            let handle = varint(bytes.count) + varint(content.count)
            bytes += content + [kind] + masked(content + [kind])
            return handle
        }
        let data = append(stored, kind), meta = append(table([]), 0), index = append(table([("zzzz", data)]), 0)
        let footer = meta + index
        return bytes + footer + [UInt8](repeating: 0, count: max(0, 40 - footer.count)) + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
    }

    /// `bytes` as a Snappy stream of literals and, where they repeat what stands 8 bytes before, copies.
    static func snappy(_ bytes: [UInt8]) -> [UInt8] {
        var stream = varint(bytes.count), at = 0
        while at < bytes.count {
            if at >= 8, at + 4 <= bytes.count, bytes[at..<at + 4] == bytes[at - 8..<at - 4] {
                stream += [1, 8]
                at += 4
            } else {
                let end = min(at + 20, bytes.count)
                stream += [UInt8(end - at - 1) << 2] + bytes[at..<end]
                at = end
            }
        }
        return stream
    }

    /// Sorted entries, each with what its key repeats of the one before; one restart point.
    private static func table(_ entries: [(key: String, value: [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = [], last: [UInt8] = []
        for entry in entries {
            let key = Array(entry.key.utf8), shared = zip(key, last).prefix { $0 == $1 }.count
            bytes += varint(shared) + varint(key.count - shared) + varint(entry.value.count) + key[shared...] + entry.value
            last = key
        }
        return bytes + [0, 0, 0, 0, 1, 0, 0, 0]
    }

    private static func masked(_ bytes: [UInt8]) -> [UInt8] {
        let sum = unsafe bytes.withUnsafeBytes { unsafe CRC32C.masked(CRC32C.of($0)) }
        return (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(8 * $0)) }
    }

    private static func field(_ number: UInt8, _ value: Int) -> [UInt8] { [number << 3] + varint(value) }
    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2] + varint(bytes.count) + bytes }

    private static func varint(_ value: Int) -> [UInt8] {
        var rest = UInt64(value), bytes: [UInt8] = []
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

/// The Castagnoli checksum, and the masked form that TensorFlow and LevelDB store.
package enum CRC32C {
    /// Eight tables of 256: entry `[k * 256 + b]` is the checksum of byte `b` followed by `k` zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 255)]
        }
        return tables
    }()

    /// The checksum of `bytes`, eight at a time.
    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        unsafe tables.withUnsafeBufferPointer { tables in
            var crc = UInt32.max
            var index = 0
            while bytes.count - index >= 8 {
                let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(crc)
                crc = 0
                for k in 0..<8 { unsafe crc ^= tables[(7 - k) * 256 + Int(truncatingIfNeeded: word >> (8 * UInt64(k))) & 255] }
                index += 8
            }
            while index < bytes.count {
                crc = unsafe crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[index])) & 255)]
                index += 1
            }
            return ~crc
        }
    }

    /// What a file stores for a checksum: rotated and shifted, so that a checksum over data that holds checksums stays a good one.
    package static func masked(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xA282_EAD8 }
}

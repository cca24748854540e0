/// The 64-bit FNV-1a hash of words, byte by byte, lowest byte first.
package struct FNV1a: Sendable {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}
    package init(_ words: [UInt32]) { add(words) }

    package mutating func add(_ words: [UInt32]) {
        for word in words {
            for shift in [0, 8, 16, 24] as [UInt32] {
                value = (value ^ UInt64((word >> shift) & 0xff)) &* 0x100_0000_01b3
            }
        }
    }
}

/// Base64 of words in little-endian order (RFC 4648, with padding): the densest text that a Swift string literal carries.
package func base64(_ words: [UInt32]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let bytes = words.flatMap { word in [0, 8, 16, 24].map { (shift: UInt32) in UInt8(truncatingIfNeeded: word >> shift) } }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 3 * 4 + 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for position in 0..<4 {
            text.append(position <= group.count ? digits[Int(bits >> UInt32(18 - 6 * position)) & 63] : UInt8(ascii: "="))
        }
    }
    return String(decoding: text, as: UTF8.self)
}

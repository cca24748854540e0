/// Changes that know nothing of a format but what most formats share: bytes, pieces, lengths, numbers in text.
enum Mutation {
    /// Numbers that make sizes wrap, signs turn and products overflow.
    private static let extremes: [Int64] = [
        0, 1, 2, 3, -1, -2, 7, 8, 16, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 99_999, 100_000, 1 << 24, 1 << 30, Int64(Int32.max), Int64(Int32.min),
        1 << 31, Int64(UInt32.max), 1 << 32, 1 << 40, 1 << 62, .max, .min,
    ]

    /// Pieces of text that stand at the edges of what a parser of numbers and JSON takes.
    private static let pieces = [
        "{", "}", "[", "]", ":", ",", "\"", "\\u", "\\ud800", "\\udc00\\ud800", "-", "+", ".", "e", "1e999", "-1e-999", "0.1", "1e308", "NaN", "Infinity",
        "null",
        "true", "false", "\u{0}", "\n", "#", " ", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616", "1e18",
        "00", "-0", "\u{FEFF}", "\"\"", "[]", "{}", "4611686018427387904", "{\"a\":", "[[[[[[[[",
    ]

    /// One to six changes of any kind, mostly few: what is spoiled in many places is refused at the first. Half fall near the beginning.
    static func bytes(_ original: [UInt8], other: [UInt8], isText: Bool, _ numbers: inout Numbers) -> [UInt8] {
        var bytes = original
        for _ in 0...numbers.below(1 + numbers.below(6)) {
            let reach = numbers.oneIn(2) ? min(bytes.count, 96) : bytes.count
            let at = numbers.below(reach)
            if isText && numbers.oneIn(2) { change(text: &bytes, at, &numbers) } else { change(binary: &bytes, at, other, &numbers) }
        }
        return bytes
    }

    private static func change(binary bytes: inout [UInt8], _ at: Int, _ other: [UInt8], _ numbers: inout Numbers) {
        guard !bytes.isEmpty else { return bytes = other }
        switch numbers.below(10) {
        case 0, 1: bytes[at] ^= 1 << UInt8(numbers.below(8))
        case 2: bytes[at] = numbers.pick([0, 1, 0x7F, 0x80, 0xFE, 0xFF])
        case 3: bytes[at] = UInt8(truncatingIfNeeded: numbers.next())
        case 4: bytes.removeSubrange(at..<min(at + 1 + numbers.below(16), bytes.count))
        case 5: bytes.insert(contentsOf: bytes[at..<min(at + 1 + numbers.below(64), bytes.count)], at: at)
        case 6: setLength(&bytes, at, &numbers)
        case 7: splice(&bytes, at, other, &numbers)
        case 8: bytes.removeLast(numbers.oneIn(3) ? bytes.count - at : min(bytes.count, 1 + numbers.below(8)))
        default: swapPieces(&bytes, at, &numbers)
        }
    }

    /// Writes an extreme number of 16, 32 or 64 bits, in either order of bytes.
    private static func setLength(_ bytes: inout [UInt8], _ at: Int, _ numbers: inout Numbers) {
        let width = numbers.pick([2, 4, 4, 8]), value = numbers.pick(extremes), isLittle = numbers.oneIn(2)
        for index in 0..<width where at + index < bytes.count {
            let shift = Int64(8 * (isLittle ? index : width - 1 - index))
            bytes[at + index] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }

    /// Puts a piece of another file of the same kind in place.
    private static func splice(_ bytes: inout [UInt8], _ at: Int, _ other: [UInt8], _ numbers: inout Numbers) {
        guard !other.isEmpty else { return }
        let from = numbers.below(other.count), count = 1 + numbers.below(other.count - from)
        let end = numbers.oneIn(2) ? bytes.count : min(at + count, bytes.count)
        bytes.replaceSubrange(at..<end, with: other[from..<from + count])
    }

    private static func swapPieces(_ bytes: inout [UInt8], _ at: Int, _ numbers: inout Numbers) {
        let count = 1 + numbers.below(32), to = numbers.below(bytes.count)
        for index in 0..<count where at + index < bytes.count && to + index < bytes.count { bytes.swapAt(at + index, to + index) }
    }

    /// Replaces a number of the text by an extreme one, puts a piece in, or nests deeply.
    private static func change(text bytes: inout [UInt8], _ at: Int, _ numbers: inout Numbers) {
        switch numbers.below(8) {
        case 0...3:
            let start = bytes[min(at, bytes.count)...].firstIndex(where: isDigit) ?? bytes.firstIndex(where: isDigit)
            guard let start else { return }
            let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
            let number = numbers.oneIn(4) ? numbers.pick(pieces) : String(numbers.pick(extremes))
            bytes.replaceSubrange(start..<end, with: Array(number.utf8))
        case 4...6:
            let end = min(at + numbers.below(12), bytes.count)
            bytes.replaceSubrange(min(at, end)..<end, with: Array(numbers.pick(pieces).utf8))
        default:
            let depth = numbers.pick([60, 500, 513, 20_000])
            let piece = numbers.pick(["[", "{\"a\":", "[{\"a\":"])
            bytes.insert(contentsOf: Array(String(repeating: piece, count: depth).utf8), at: min(at, bytes.count))
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

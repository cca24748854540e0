/// A letter's shape in units of 1/1024 em, y upwards from the baseline.
struct Glyph {
    /// A point of a contour; between two that lie off the outline there is one on it, half way.
    struct Point {
        var x: Float
        var y: Float
        var isOn: Bool
    }

    let advance: Int
    let contours: [[Point]]
}

/// The built-in font: Roboto Medium (FontData.swift).
package enum Font {
    /// Units of the em square.
    static let units: Float = 1024
    /// Height of a capital letter, and how deep a letter hangs below the baseline, as shares of the em.
    static let capitalHeight: Float = 0.711
    static let descent: Float = 0.21

    /// Letters by their Unicode number; 0 is the box for those that are not there.
    private static let glyphs = read(bytes(ofBase64: FontData.base64))

    /// The shapes of a text, letter by letter; control characters are as wide as a space.
    static func shapes(_ text: String) -> [Glyph] {
        text.unicodeScalars.compactMap { scalar in
            let number = scalar.value < 0x20 || scalar.value == 0x7F ? 0x20 : scalar.value
            return glyphs[number] ?? glyphs[0]
        }
    }

    /// Pixels from the start of a text to the place of the next letter, at `size` pixels to the em.
    package static func width(_ text: String, size: Float) -> Float { shapes(text).reduce(0) { $0 + Float($1.advance) } * size / units }

    /// The text, or as much of its start as is not wider than `width`, with an ellipsis.
    package static func fitted(_ text: String, width limit: Float, size: Float) -> String {
        guard width(text, size: size) > limit else { return text }
        var kept = text
        while !kept.isEmpty, width(kept + "…", size: size) > limit { kept.removeLast() }
        return kept.isEmpty ? "" : kept + "…"
    }

    private static func read(_ bytes: [UInt8]) -> [UInt32: Glyph] {
        var reader = FontReader(bytes: bytes)
        var glyphs: [UInt32: Glyph] = [:]
        while !reader.isAtEnd {
            let number = reader.number(), advance = reader.number()
            glyphs[UInt32(truncatingIfNeeded: number)] = Glyph(advance: advance, contours: reader.contours())
        }
        return glyphs
    }
}

/// Reads FontData's numbers.
private struct FontReader {
    let bytes: [UInt8]
    var at = 0
    var isAtEnd: Bool { at >= bytes.count }

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func number() -> Int {
        var value = 0, shift = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            value |= Int(byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        return value
    }

    mutating func contours() -> [[Glyph.Point]] {
        var x = 0, y = 0
        return (0..<number()).map { _ in
            (0..<number()).map { _ in
                let step = number()
                x += signed(step >> 1)
                y += signed(number())
                return Glyph.Point(x: Float(x), y: Float(y), isOn: step & 1 == 1)
            }
        }
    }

    private func signed(_ zigzag: Int) -> Int { zigzag & 1 == 0 ? zigzag >> 1 : -((zigzag + 1) >> 1) }
}

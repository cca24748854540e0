/// The image formats that are known by their first bytes; a file's name plays no part.
package enum ImageFormat: String, Sendable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"
    case bmp = "BMP"
    case pnm = "PNM"

    /// Throws when the bytes begin no format that is read; names the format where it is a well-known one.
    package init(recognizing head: Span<UInt8>) throws(VisionError) {
        func begins(_ magic: [UInt8], at offset: Int = 0) -> Bool {
            guard head.count >= offset + magic.count else { return false }
            return magic.indices.allSatisfy { head[offset + $0] == magic[$0] }
        }
        func begins(_ magic: StaticString, at offset: Int = 0) -> Bool { begins(Array(magic.description.utf8), at: offset) }

        guard head.count > 0 else { throw VisionError(.truncated, "expected an image, found an empty file") }
        if begins([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if begins("RIFF"), begins("WEBP", at: 8) {
            self = .webp
        } else if begins("BM") {
            self = .bmp
        } else if head.count > 2, head[0] == UInt8(ascii: "P"), (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(head[1]), PNMReader.isSpace(head[2]) {
            self = .pnm
        } else {
            let known: [(StaticString, Int, String)] = [
                ("GIF8", 0, "GIF"), ("II*\0", 0, "TIFF"), ("MM\0*", 0, "TIFF"), ("ftypavif", 4, "AVIF"), ("ftypheic", 4, "HEIC"), ("ftypmif1", 4, "HEIF"),
                ("8BPS", 0, "Photoshop"), ("%PDF", 0, "PDF"), ("\0\0\u{1}\0", 0, "an icon"),
            ]
            let found = known.first { begins($0.0, at: $0.1) }.map { "\($0.2)" }
            throw VisionError(.unsupported, "expected a JPEG, PNG, WebP, BMP, PPM or PGM image, found \(found ?? "something else")")
        }
    }
}

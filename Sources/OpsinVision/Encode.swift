private import CCodecs

/// 16-bit gray samples: masks and depth maps.
package struct Gray16: Hashable, Sendable {
    package let width: Int
    package let height: Int
    package let values: [UInt16]

    package init(width: Int, height: Int, values: [UInt16]) throws(VisionError) {
        let count = try Image.sampleCount(width: width, height: height, channels: 1)
        guard values.count == count else { throw VisionError(.argument, "expected \(count) samples for \(width) x \(height), found \(values.count)") }
        (self.width, self.height, self.values) = (width, height, values)
    }

    /// A PNG of 16 bits a sample. `level` is zlib's, 0 to 9.
    package func png(level: Int = 3) throws(VisionError) -> [UInt8] {
        let (width, height) = (width, height)
        return unsafe try encode { out, count, message in
            unsafe values.withUnsafeBytes {
                unsafe opsin_png_encode($0.baseAddress, UInt32(width), UInt32(height), 1, 16, Int32(clamping: level), out, count, message)
            }
        }
    }
}

extension Image {
    /// A PNG of 8 bits a sample. `level` is zlib's, 0 to 9.
    package func png(level: Int = 3) throws(VisionError) -> [UInt8] {
        let (width, height, channels) = (width, height, channels)
        return unsafe try encode { out, count, message in
            unsafe pixels.withUnsafeBytes {
                unsafe opsin_png_encode($0.baseAddress, UInt32(width), UInt32(height), UInt32(channels), 8, Int32(clamping: level), out, count, message)
            }
        }
    }

    /// A JPEG with its colours at full resolution. `quality` is libjpeg's, 1 to 100.
    package func jpeg(quality: Int = 92) throws(VisionError) -> [UInt8] {
        let (width, height, channels) = (width, height, channels)
        return unsafe try encode { out, count, message in
            unsafe pixels.withUnsafeBufferPointer {
                unsafe opsin_jpeg_encode($0.baseAddress, UInt32(width), UInt32(height), UInt32(channels), Int32(clamping: quality), out, count, message)
            }
        }
    }

    /// Binary PGM (P5) of gray, PPM (P6) of RGB.
    package func pnm() -> [UInt8] { Array("\(channels == 1 ? "P5" : "P6")\n\(width) \(height)\n255\n".utf8) + pixels }

    /// Writes a file in the format of its extension: `.png`, `.jpg`, `.jpeg`, `.ppm`, `.pgm` or `.pnm`.
    package func write(to path: String, level: Int = 3) throws(VisionError) {
        let name = path.lowercased()
        if name.hasSuffix(".png") {
            let bytes = try png(level: level)
            try File.write(bytes.span, to: path)
        } else if name.hasSuffix(".jpg") || name.hasSuffix(".jpeg") {
            let bytes = try jpeg()
            try File.write(bytes.span, to: path)
        } else if name.hasSuffix(".ppm") || name.hasSuffix(".pgm") || name.hasSuffix(".pnm") {
            let bytes = pnm()
            try File.write(bytes.span, to: path)
        } else {
            throw VisionError(.argument, "expected a name that ends in .png, .jpg, .jpeg, .ppm, .pgm or .pnm", path: path)
        }
    }
}

typealias ImageEncoder = (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>, UnsafeMutablePointer<CChar>) -> Int32

/// Runs the encoder and takes over its memory.
@unsafe func encode(_ body: ImageEncoder) throws(VisionError) -> [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: Int(OPSIN_CODEC_MESSAGE))
    let status = unsafe body(&encoded, &count, &message)
    defer { unsafe opsin_codec_free(encoded) }
    guard status == 0 else {
        let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw VisionError(status == OPSIN_CODEC_MEMORY || status == OPSIN_CODEC_TOO_LARGE ? .tooLarge : .argument, text)
    }
    return unsafe Array(UnsafeBufferPointer(start: encoded, count: count))
}

/// Netpbm's PBM, PGM and PPM, binary (P4 to P6) and plain (P1 to P3). Maximum values other than 255 are scaled with rounding.
enum PNMReader {
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    static func read(_ bytes: Span<UInt8>) throws(VisionError) -> Image {
        let kind = bytes[1]
        let isPlain = kind <= UInt8(ascii: "3")
        let isBitmap = kind == UInt8(ascii: "1") || kind == UInt8(ascii: "4")
        let channels = kind == UInt8(ascii: "3") || kind == UInt8(ascii: "6") ? 3 : 1
        var at = 2
        let width = try number(bytes, &at, "width")
        let height = try number(bytes, &at, "height")
        let maximum = isBitmap ? 1 : try number(bytes, &at, "maximum value")
        guard (1...65_535).contains(maximum) else { throw VisionError(.malformed, "PNM: expected a maximum value of 1 to 65535, found \(maximum)") }
        let count: Int
        do { count = try Image.sampleCount(width: width, height: height, channels: channels) } catch { throw VisionError(error.code, "PNM: \(error.reason)") }

        if isPlain {
            // A plain sample takes a character and, but for bitmaps, a separator.
            guard bytes.count - at >= (isBitmap ? count : count * 2 - 1) else { throw truncated(count, bytes.count - at) }
            return Image(unchecked: try plain(bytes, at, count, maximum, isBitmap), width: width, height: height, channels: channels)
        }
        guard at < bytes.count, isSpace(bytes[at]) else { throw VisionError(.malformed, "PNM: expected a space behind the header") }
        at += 1
        let rowBytes = isBitmap ? (width + 7) / 8 : width * channels * (maximum > 255 ? 2 : 1)
        guard bytes.count - at >= rowBytes * height else { throw truncated(rowBytes * height, bytes.count - at) }
        var samples: [UInt8] = []
        samples.reserveCapacity(count)
        if isBitmap {
            for y in 0..<height {
                for x in 0..<width { samples.append(bytes[at + y * rowBytes + x / 8] >> UInt8(7 - x % 8) & 1 == 1 ? 0 : 255) }
            }
        } else if maximum == 255 {
            unsafe bytes.withUnsafeBufferPointer { unsafe samples.append(contentsOf: $0[at..<at + count]) }
        } else if maximum < 255 {
            for index in at..<at + count { samples.append(scaled(Int(bytes[index]), maximum)) }
        } else {
            for index in 0..<count { samples.append(scaled(Int(bytes[at + 2 * index]) << 8 | Int(bytes[at + 2 * index + 1]), maximum)) }
        }
        return Image(unchecked: samples, width: width, height: height, channels: channels)
    }

    private static func plain(_ bytes: Span<UInt8>, _ start: Int, _ count: Int, _ maximum: Int, _ isBitmap: Bool) throws(VisionError) -> [UInt8] {
        var at = start
        var samples: [UInt8] = []
        samples.reserveCapacity(count)
        while samples.count < count {
            if isBitmap {
                skip(bytes, &at)
                guard at < bytes.count else { throw truncated(count, samples.count) }
                guard bytes[at] == UInt8(ascii: "0") || bytes[at] == UInt8(ascii: "1") else {
                    throw VisionError(.malformed, "PNM: expected a 0 or 1 at byte \(at), found byte \(bytes[at])")
                }
                samples.append(bytes[at] == UInt8(ascii: "1") ? 0 : 255)
                at += 1
            } else {
                let value = try number(bytes, &at, "sample")
                guard value <= maximum else { throw VisionError(.malformed, "PNM: expected samples of at most \(maximum), found \(value)") }
                samples.append(scaled(value, maximum))
            }
        }
        return samples
    }

    /// `round(value * 255 / maximum)`; larger values than the maximum are taken as it.
    private static func scaled(_ value: Int, _ maximum: Int) -> UInt8 { UInt8(clamping: (min(value, maximum) * 510 + maximum) / (2 * maximum)) }

    /// Skips white space and comments, which run from `#` to the end of the line.
    private static func skip(_ bytes: Span<UInt8>, _ at: inout Int) {
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "#") {
                while at < bytes.count, bytes[at] != 0x0A, bytes[at] != 0x0D { at += 1 }
            } else if isSpace(bytes[at]) {
                at += 1
            } else {
                return
            }
        }
    }

    private static func number(_ bytes: Span<UInt8>, _ at: inout Int, _ what: String) throws(VisionError) -> Int {
        skip(bytes, &at)
        guard at < bytes.count else { throw VisionError(.truncated, "PNM: truncated, expected the \(what), found the end of the file") }
        var value = 0
        let first = at
        while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) {
            value = value * 10 + Int(bytes[at] - UInt8(ascii: "0"))
            guard value <= 1 << 40 else { throw VisionError(.tooLarge, "PNM: the \(what) is too large") }
            at += 1
        }
        guard at > first, at == bytes.count || isSpace(bytes[at]) || bytes[at] == UInt8(ascii: "#") else {
            throw VisionError(.malformed, "PNM: expected a number as \(what), found byte \(at < bytes.count ? Int(bytes[at]) : -1)")
        }
        return value
    }

    private static func truncated(_ expected: Int, _ found: Int) -> VisionError {
        VisionError(.truncated, "PNM: truncated, expected \(expected) bytes of pixels, found \(max(found, 0))")
    }
}

/// Windows and OS/2 bitmaps: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits, run-length coding of 4 and 8 bits. Alpha is dropped.
enum BMPReader {
    /// The fields of the headers that decoding needs.
    private struct Header {
        var width: Int
        var height: Int
        var isTopDown: Bool
        var bits: Int
        var compression: Int
        var dataOffset: Int
        var palette: [UInt8] = []
        /// Bit masks of red, green and blue in 16- and 32-bit pixels.
        var masks: [UInt32] = []
    }

    static func read(_ bytes: Span<UInt8>) throws(VisionError) -> Image {
        let header = try header(bytes)
        let isGray = header.bits <= 8 && isGrayRamp(header)
        let size: Int
        do { size = try Image.sampleCount(width: header.width, height: header.height, channels: isGray ? 1 : 3) } catch {
            throw VisionError(error.code, "BMP: \(error.reason)")
        }
        let indices: [UInt8]?
        if header.compression == 1 || header.compression == 2 { indices = try runs(bytes, header) } else { indices = nil }
        let rowBytes = (header.width * header.bits + 31) / 32 * 4
        if indices == nil {
            guard bytes.count - header.dataOffset >= rowBytes * header.height else {
                throw VisionError(
                    .truncated, "BMP: truncated, expected \(rowBytes * header.height) bytes of pixels, found \(max(bytes.count - header.dataOffset, 0))")
            }
        }
        var samples: [UInt8] = []
        samples.reserveCapacity(size)
        for y in 0..<header.height {
            let stored = header.isTopDown ? y : header.height - 1 - y
            if header.bits > 8 {
                color(bytes, header.dataOffset + stored * rowBytes, header, &samples)
                continue
            }
            for x in 0..<header.width {
                let index: Int
                if let indices {
                    index = Int(indices[stored * header.width + x])
                } else {
                    let bit = x * header.bits
                    index = Int(bytes[header.dataOffset + stored * rowBytes + bit / 8] >> UInt8(8 - header.bits - bit % 8)) & (1 << header.bits - 1)
                }
                for c in 0..<(isGray ? 1 : 3) { samples.append(index * 3 + c < header.palette.count ? header.palette[index * 3 + c] : 0) }
            }
        }
        return Image(unchecked: samples, width: header.width, height: header.height, channels: isGray ? 1 : 3)
    }

    private static func isGrayRamp(_ header: Header) -> Bool {
        let palette = header.palette
        for entry in 0..<palette.count / 3 where palette[entry * 3] != palette[entry * 3 + 1] || palette[entry * 3] != palette[entry * 3 + 2] { return false }
        return true
    }

    /// One row of 16, 24 or 32 bits a pixel.
    private static func color(_ bytes: Span<UInt8>, _ row: Int, _ header: Header, _ samples: inout [UInt8]) {
        for x in 0..<header.width {
            switch header.bits {
            case 24:
                let at = row + x * 3
                samples.append(bytes[at + 2])
                samples.append(bytes[at + 1])
                samples.append(bytes[at])
            case 16:
                let value = UInt32(bytes[row + x * 2]) | UInt32(bytes[row + x * 2 + 1]) << 8
                for mask in header.masks { samples.append(field(value, mask)) }
            default:
                let at = row + x * 4
                let value = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
                for mask in header.masks { samples.append(field(value, mask)) }
            }
        }
    }

    /// The bits under the mask, stretched to 0...255.
    private static func field(_ value: UInt32, _ mask: UInt32) -> UInt8 {
        guard mask != 0 else { return 0 }
        let shift = UInt32(mask.trailingZeroBitCount)
        let largest = UInt64(mask >> shift)
        return UInt8(clamping: UInt64((value & mask) >> shift) * 255 / largest)
    }

    private static func header(_ bytes: Span<UInt8>) throws(VisionError) -> Header {
        func little16(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
        func little32(_ at: Int) -> UInt32 { UInt32(little16(at)) | UInt32(little16(at + 2)) << 16 }
        let cut = VisionError(.truncated, "BMP: truncated, the file ends in its header")
        guard bytes.count >= 26 else { throw cut }
        let size = Int(little32(14))
        guard size == 12 || (40...124).contains(size) else { throw VisionError(.unsupported, "BMP: expected a header of 12 or 40 to 124 bytes, found \(size)") }
        guard bytes.count >= 14 + size else { throw cut }
        var header: Header
        var colors = 0
        if size == 12 {
            header = Header(width: little16(18), height: little16(20), isTopDown: false, bits: little16(24), compression: 0, dataOffset: Int(little32(10)))
        } else {
            let height = Int(Int32(bitPattern: little32(22)))
            header = Header(
                width: Int(Int32(bitPattern: little32(18))), height: abs(height), isTopDown: height < 0, bits: little16(28), compression: Int(little32(30)),
                dataOffset: Int(little32(10)))
            colors = Int(little32(46))
        }
        do { _ = try Image.sampleCount(width: header.width, height: header.height, channels: 1) } catch {
            throw VisionError(error.code, "BMP: \(error.reason)")
        }
        let forms: [Int: [Int]] = [0: [1, 4, 8, 16, 24, 32], 1: [8], 2: [4], 3: [16, 32], 6: [16, 32]]
        guard let depths = forms[header.compression] else { throw VisionError(.unsupported, "BMP: expected compression 0 to 3, found \(header.compression)") }
        guard depths.contains(header.bits) else {
            throw VisionError(.unsupported, "BMP: expected \(depths) bits a pixel with compression \(header.compression), found \(header.bits)")
        }
        var at = 14 + size
        if header.bits > 8 {
            header.masks = header.bits == 16 ? [0x7C00, 0x03E0, 0x001F] : [0xFF_0000, 0xFF00, 0xFF]
            if header.compression >= 3 {
                guard bytes.count >= 66 else { throw cut }
                header.masks = [little32(54), little32(58), little32(62)]
            }
        } else {
            let entry = size == 12 ? 3 : 4
            let entries = min(colors == 0 ? 1 << header.bits : colors, 1 << header.bits)
            guard bytes.count >= at + entries * entry else { throw cut }
            for _ in 0..<entries {
                header.palette += [bytes[at + 2], bytes[at + 1], bytes[at]]
                at += entry
            }
        }
        guard header.dataOffset >= 14 + size, header.dataOffset <= bytes.count else {
            throw VisionError(.malformed, "BMP: expected the pixels inside of \(bytes.count) bytes, found their offset \(header.dataOffset)")
        }
        return header
    }

    /// Run-length coding: pairs of a count and a value, escapes for the end of a row, the end, a jump, and literal runs padded to even.
    private static func runs(_ bytes: Span<UInt8>, _ header: Header) throws(VisionError) -> [UInt8] {
        let (width, height) = (header.width, header.height)
        guard width * height <= bytes.count * 1024 else {
            throw VisionError(.truncated, "BMP: \(width) x \(height) pixels cannot be in \(bytes.count) bytes of runs")
        }
        var indices = [UInt8](repeating: 0, count: width * height)
        var (at, x, y) = (header.dataOffset, 0, 0)
        let nibbles = header.compression == 2

        func put(_ value: UInt8) throws(VisionError) {
            guard x < width, y < height else { throw VisionError(.malformed, "BMP: a run leaves the image at row \(y)") }
            indices[y * width + x] = value
            x += 1
        }
        while true {
            guard at + 2 <= bytes.count else {
                if y >= height || (y == height - 1 && x == width) { return indices }
                throw VisionError(.truncated, "BMP: truncated, the runs end in row \(y) of \(height)")
            }
            let (count, value) = (Int(bytes[at]), bytes[at + 1])
            at += 2
            if count > 0 {
                for index in 0..<count { try put(nibbles ? (index % 2 == 0 ? value >> 4 : value & 15) : value) }
                continue
            }
            switch value {
            case 0: (x, y) = (0, y + 1)
            case 1: return indices
            case 2:
                guard at + 2 <= bytes.count else { throw VisionError(.truncated, "BMP: truncated, the runs end in row \(y) of \(height)") }
                (x, y) = (x + Int(bytes[at]), y + Int(bytes[at + 1]))
                at += 2
            default:
                let literal = nibbles ? (Int(value) + 1) / 2 : Int(value)
                guard at + literal <= bytes.count else { throw VisionError(.truncated, "BMP: truncated, the runs end in row \(y) of \(height)") }
                for index in 0..<Int(value) {
                    let byte = bytes[at + (nibbles ? index / 2 : index)]
                    try put(nibbles ? (index % 2 == 0 ? byte >> 4 : byte & 15) : byte)
                }
                at += literal + literal % 2
            }
            guard y <= height, x <= width else { throw VisionError(.malformed, "BMP: a jump leaves the image") }
        }
    }
}

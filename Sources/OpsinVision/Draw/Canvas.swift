/// Pixels to draw into: borrowed, in the order of channels in which their owner keeps them.
///
/// Nothing outside of them is ever touched, whatever coordinates a drawing asks for. It must not outlive the closure or call that it was made for.
@safe package struct Canvas {
    package let width: Int
    package let height: Int
    /// Bytes of a pixel, 3 or 4; a fourth is left as it is.
    let pixelBytes: Int
    /// Where red and blue lie in a pixel; green is between them.
    let red: Int
    let blue: Int
    private let strideBytes: Int
    private let top: UnsafeMutablePointer<UInt8>

    /// Most pixels of a side: those of `opsin_canvas`.
    static let longestSide = 65_535

    /// - Parameters:
    ///   - data: the first byte of the top row; every row must be writable for `width` pixels as long as the canvas is used.
    ///   - strideBytes: bytes from a row to the one below, negative when the bottom row comes first in memory; 0: rows without gaps.
    @unsafe package init(
        data: UnsafeMutableRawPointer, format: PixelFormat, width: Int, height: Int, strideBytes: Int = 0
    ) throws(VisionError) {
        guard format == .rgb8 || format == .bgr8 || format == .rgba8 || format == .bgra8 else {
            throw VisionError(.argument, "expected a canvas of rgb8, bgr8, rgba8 or bgra8, found \(format.rawValue)")
        }
        guard (1...Canvas.longestSide).contains(width), (1...Canvas.longestSide).contains(height) else {
            throw VisionError(.argument, "expected a canvas with sides of 1 to \(Canvas.longestSide) pixels, found \(width) x \(height)")
        }
        let rowBytes = width * format.bytesPerPixel
        let stride = strideBytes == 0 ? rowBytes : strideBytes
        guard stride.magnitude >= rowBytes, stride.magnitude <= (1 << 46) / UInt(height) else {
            throw VisionError(.argument, "expected a stride of at least \(rowBytes) bytes for \(width) pixels of \(format.rawValue), found \(stride)")
        }
        (self.width, self.height, pixelBytes, self.strideBytes) = (width, height, format.bytesPerPixel, stride)
        (red, blue) = format == .rgb8 || format == .rgba8 ? (0, 2) : (2, 0)
        unsafe top = data.assumingMemoryBound(to: UInt8.self)
    }

    /// Shows the bytes of a row; nothing happens for a row that is not there.
    func withRow(_ y: Int, _ body: (inout MutableSpan<UInt8>) -> Void) {
        guard y >= 0, y < height else { return }
        // Sound: the initialiser checked the size, and its caller promised that such rows are writable.
        var row = unsafe MutableSpan(_unsafeStart: top + y * strideBytes, count: width * pixelBytes)
        body(&row)
    }
}

extension Canvas {
    /// Fills the pixels `columns` x `rows`, as far as they are inside, in 256 steps of `opacity`.
    func fill(columns: Range<Int>, rows: Range<Int>, _ color: RGBColor, opacity: Int = 256) {
        let (columns, rows) = (columns.clamped(to: 0..<width), rows.clamped(to: 0..<height))
        guard !columns.isEmpty else { return }
        for y in rows {
            withRow(y) { row in
                for x in columns { blend(color, opacity, at: x, in: &row) }
            }
        }
    }

    /// A rectangle's outline, `line` pixels wide, inside of `columns` x `rows`.
    func outline(columns: Range<Int>, rows: Range<Int>, line: Int, _ color: RGBColor) {
        let across = min(line, columns.count), down = min(line, rows.count)
        let inner = rows.lowerBound + down..<max(rows.upperBound - down, rows.lowerBound + down)
        fill(columns: columns, rows: rows.lowerBound..<inner.lowerBound, color)
        fill(columns: columns, rows: inner.upperBound..<max(rows.upperBound, inner.upperBound), color)
        fill(columns: columns.lowerBound..<columns.lowerBound + across, rows: inner, color)
        fill(columns: max(columns.upperBound - across, columns.lowerBound)..<columns.upperBound, rows: inner, color)
    }

    /// Mixes a colour into pixel `x` of a row: 0 leaves the pixel, 256 replaces it.
    func blend(_ color: RGBColor, _ opacity: Int, at x: Int, in row: inout MutableSpan<UInt8>) {
        let at = x * pixelBytes
        guard opacity < 256 else {
            row[at + red] = color.red
            row[at + 1] = color.green
            row[at + blue] = color.blue
            return
        }
        row[at + red] = mixed(row[at + red], color.red, opacity)
        row[at + 1] = mixed(row[at + 1], color.green, opacity)
        row[at + blue] = mixed(row[at + blue], color.blue, opacity)
    }

    private func mixed(_ under: UInt8, _ over: UInt8, _ opacity: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: (Int(under) * (256 - opacity) + Int(over) * opacity + 128) >> 8)
    }
}

extension Image {
    /// The picture as RGB with a drawing over it.
    package func drawn(_ draw: (Canvas) -> Void) throws(VisionError) -> Image {
        let source = rgb()
        guard width <= Canvas.longestSide, height <= Canvas.longestSide else {
            throw VisionError(.tooLarge, "expected sides of at most \(Canvas.longestSide) pixels to draw on, found \(width) x \(height)")
        }
        var samples = source.pixels
        try unsafe samples.withUnsafeMutableBufferPointer { (bytes) throws(VisionError) in
            guard let data = bytes.baseAddress else { return }
            draw(try unsafe Canvas(data: UnsafeMutableRawPointer(data), format: .rgb8, width: width, height: height))
        }
        return Image(
            unchecked: samples, width: width, height: height, channels: 3, sourceWidth: sourceWidth, sourceHeight: sourceHeight, reduction: reduction,
            originX: originX, originY: originY)
    }

    /// Both pictures next to each other as RGB; a lower one is continued in black.
    package func beside(_ other: Image) throws(VisionError) -> Image {
        let (left, right) = (rgb(), other.rgb())
        let rows = max(height, other.height)
        let count = try Image.sampleCount(width: width + other.width, height: rows, channels: 3)
        var samples: [UInt8] = []
        samples.reserveCapacity(count)
        for y in 0..<rows {
            for part in [left, right] {
                let bytes = part.width * 3
                if y < part.height { samples += part.pixels[y * bytes..<(y + 1) * bytes] } else { samples += [UInt8](repeating: 0, count: bytes) }
            }
        }
        return Image(unchecked: samples, width: width + other.width, height: rows, channels: 3)
    }
}

/// The whole number below, for coordinates from models: what is no number is 0, what is far away stays near enough to count with.
func pixel(_ value: Float) -> Int {
    guard value == value else { return 0 }
    return Int(min(max(value, -1_000_000), 1_000_000).rounded(.down))
}

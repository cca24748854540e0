private import CCodecs

/// The label of each pixel as a PNG file: numbers for programs, colours for people.
package struct LabelPNG: Sendable {
    private let width: Int
    private let height: Int
    private let labels: [UInt16]

    /// Throws when the number of labels is not `width * height`, or no PNG is that large.
    package init(width: Int, height: Int, labels: [UInt16]) throws(VisionError) {
        guard width >= 1, height >= 1, width <= 1 << 30, height <= 1 << 30, width * height == labels.count else {
            throw VisionError(.argument, "expected \(width) x \(height) labels, found \(labels.count)")
        }
        (self.width, self.height, self.labels) = (width, height, labels)
    }

    /// 8 bits with PASCAL VOC's colours as palette; `LabelMask.outside` is then 255, VOC's own number of a pixel without a label. Where a label does not fit
    /// beside it: 16 bits gray, as they are.
    package func bytes(level: Int = 3) throws(VisionError) -> [UInt8] {
        let hasOutside = labels.contains(LabelMask.outside)
        let largest = labels.reduce(0) { $1 == LabelMask.outside ? $0 : max($0, $1) }
        guard largest <= (hasOutside ? 254 : 255) else { return try Gray16(width: width, height: height, values: labels).png(level: level) }
        let indices = labels.map { UInt8(truncatingIfNeeded: $0) }
        let (width, height) = (UInt32(width), UInt32(height))
        return unsafe try encode { out, count, message in
            unsafe indices.withUnsafeBufferPointer { indices in
                unsafe Self.palette.withUnsafeBufferPointer { palette in
                    unsafe opsin_png_encode_indexed(
                        indices.baseAddress, width, height, palette.baseAddress, Int32(clamping: level), out, count, message)
                }
            }
        }
    }

    /// Writes the file. Throws unless the name ends in `.png`.
    package func write(to path: String) throws(VisionError) {
        guard path.lowercased().hasSuffix(".png") else { throw VisionError(.argument, "expected a name that ends in .png", path: path) }
        let bytes = try bytes()
        try File.write(bytes.span, to: path)
    }

    /// The colours of 256 labels, three bytes each.
    private static let palette: [UInt8] = {
        let colors = (0..<256).map { Palette.voc($0) }
        return colors.flatMap { [$0.red, $0.green, $0.blue] }
    }()
}

/// An upright picture of 8-bit samples that owns its pixels: row-major, interleaved, one channel (gray) or three (RGB), without gaps between rows.
package struct Image: Hashable, Sendable {
    package let width: Int
    package let height: Int
    /// 1: gray, 3: RGB.
    package let channels: Int
    /// `width * height * channels` samples.
    package let pixels: [UInt8]
    /// Size of the upright picture that this one was made from: larger than `width` x `height` when a JPEG was decoded at a reduced scale or a region was
    /// cut out.
    package let sourceWidth: Int
    package let sourceHeight: Int
    /// Source pixels per pixel along each side: 1, or 2, 4, 8 of a JPEG that was decoded at a reduced scale.
    package let reduction: Int
    /// Where pixel (0, 0) lies in the source: not 0 when a region was cut out.
    package let originX: Int
    package let originY: Int

    /// Most pixels of an image: Pillow's limit, a quarter of a gigabyte of RGB twice over.
    package static let maximumPixels = 178_956_970

    /// Throws when the number of samples is not `width * height * channels` or the size is out of range.
    package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(VisionError) {
        let count = try Image.sampleCount(width: width, height: height, channels: channels)
        guard pixels.count == count else {
            throw VisionError(.argument, "expected \(count) samples for \(width) x \(height) x \(channels), found \(pixels.count)")
        }
        self.init(unchecked: pixels, width: width, height: height, channels: channels)
    }

    /// For callers in this module that made exactly `width * height * channels` samples.
    init(
        unchecked pixels: [UInt8], width: Int, height: Int, channels: Int, sourceWidth: Int? = nil, sourceHeight: Int? = nil, reduction: Int = 1,
        originX: Int = 0, originY: Int = 0
    ) {
        (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
        (self.sourceWidth, self.sourceHeight) = (sourceWidth ?? width, sourceHeight ?? height)
        (self.reduction, self.originX, self.originY) = (reduction, originX, originY)
    }

    /// Number of samples of an image of that size; throws when the size is out of range.
    static func sampleCount(width: Int, height: Int, channels: Int) throws(VisionError) -> Int {
        guard channels == 1 || channels == 3 else { throw VisionError(.argument, "expected 1 or 3 channels, found \(channels)") }
        guard width >= 1, height >= 1 else { throw VisionError(.argument, "expected a width and height of at least 1, found \(width) x \(height)") }
        guard width <= maximumPixels, height <= maximumPixels, width * height <= maximumPixels else {
            throw VisionError(.tooLarge, "expected at most \(maximumPixels) pixels, found \(width) x \(height)")
        }
        return width * height * channels
    }

    /// The picture with three channels; gray is repeated.
    package func rgb() -> Image {
        guard channels == 1 else { return self }
        let gray = pixels
        let samples = unsafe [UInt8](unsafeUninitializedCapacity: gray.count * 3) { buffer, count in
            for (index, value) in gray.enumerated() {
                unsafe buffer[index * 3] = value
                unsafe buffer[index * 3 + 1] = value
                unsafe buffer[index * 3 + 2] = value
            }
            count = gray.count * 3
        }
        return Image(
            unchecked: samples, width: width, height: height, channels: 3, sourceWidth: sourceWidth, sourceHeight: sourceHeight, reduction: reduction,
            originX: originX, originY: originY)
    }

    /// Blue first when asked for.
    func channelsSwapped(_ isSwapped: Bool) -> Image {
        guard isSwapped, channels == 3 else { return self }
        var samples = pixels
        for at in stride(from: 0, to: samples.count - 2, by: 3) { samples.swapAt(at, at + 2) }
        return Image(
            unchecked: samples, width: width, height: height, channels: 3, sourceWidth: sourceWidth, sourceHeight: sourceHeight, reduction: reduction,
            originX: originX, originY: originY)
    }

    /// The pixels of a rectangle as an image of its own. Throws when it does not lie inside.
    package func cropped(left: Int, top: Int, width: Int, height: Int) throws(VisionError) -> Image {
        guard left >= 0, top >= 0, width >= 1, height >= 1, left <= self.width - width, top <= self.height - height else {
            throw VisionError(.argument, "a region of \(width) x \(height) at \(left), \(top) does not lie inside of \(self.width) x \(self.height) pixels")
        }
        var samples: [UInt8] = []
        samples.reserveCapacity(width * height * channels)
        for y in top..<top + height {
            let row = (y * self.width + left) * channels
            samples.append(contentsOf: pixels[row..<row + width * channels])
        }
        return Image(
            unchecked: samples, width: width, height: height, channels: channels, sourceWidth: sourceWidth, sourceHeight: sourceHeight,
            reduction: reduction, originX: originX + left * reduction, originY: originY + top * reduction)
    }
}

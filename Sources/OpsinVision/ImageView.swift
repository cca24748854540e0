internal import CKernels

/// How the pixels of a caller's memory are stored. 16-bit samples are in native byte order, floats are 0 to 1.
package enum PixelFormat: String, CaseIterable, Sendable {
    case gray8, rgb8, bgr8, rgba8, bgra8, gray16, rgb16, grayF32, rgbF32

    package var bytesPerPixel: Int { opsin_pixel_bytes(c) }

    package var isGray: Bool { self == .gray8 || self == .gray16 || self == .grayF32 }

    var c: opsin_pixels {
        switch self {
        case .gray8: OPSIN_PIXELS_GRAY8
        case .rgb8: OPSIN_PIXELS_RGB8
        case .bgr8: OPSIN_PIXELS_BGR8
        case .rgba8: OPSIN_PIXELS_RGBA8
        case .bgra8: OPSIN_PIXELS_BGRA8
        case .gray16: OPSIN_PIXELS_GRAY16
        case .rgb16: OPSIN_PIXELS_RGB16
        case .grayF32: OPSIN_PIXELS_GRAYF32
        case .rgbF32: OPSIN_PIXELS_RGBF32
        }
    }
}

/// A rectangle in pixels of the upright image; fractions take the pixels that they touch.
package struct RegionOfInterest: Hashable, Sendable {
    package var x: Float
    package var y: Float
    package var width: Float
    package var height: Float

    package init(x: Float, y: Float, width: Float, height: Float) { (self.x, self.y, self.width, self.height) = (x, y, width, height) }

    /// The pixels that it touches, clipped to the image. Throws when it is not a number, is empty, or lies outside.
    func pixels(width imageWidth: Int, height imageHeight: Int) throws(VisionError) -> (left: Int, top: Int, width: Int, height: Int) {
        let text = "the region of interest \(width) x \(height) at \(x), \(y)"
        guard x.isFinite, y.isFinite, width.isFinite, height.isFinite, width > 0, height > 0 else {
            throw VisionError(.argument, "\(text) is empty or not finite")
        }
        let left = max(x.rounded(.down), 0)
        let right = min((x + width).rounded(.up), Float(imageWidth))
        let top = max(y.rounded(.down), 0)
        let bottom = min((y + height).rounded(.up), Float(imageHeight))
        guard left < right, top < bottom, let l = Int(exactly: left), let r = Int(exactly: right), let t = Int(exactly: top), let b = Int(exactly: bottom)
        else {
            throw VisionError(.argument, "\(text) lies outside of \(imageWidth) x \(imageHeight) pixels")
        }
        return (l, t, min(r, imageWidth) - l, min(b, imageHeight) - t)
    }
}

/// A picture in the caller's memory: borrowed, as the caller stores it.
@unsafe package struct ImageView {
    package var data: UnsafeRawPointer
    package var format: PixelFormat
    /// Size as stored, before the orientation is applied.
    package var width: Int
    package var height: Int
    /// Bytes from a row to the next; 0: rows without gaps; negative: `data` is the last row in memory.
    package var strideBytes: Int = 0
    /// Exif: 1 to 8, 0 is taken as 1.
    package var orientation: Int = 1
    package var region: RegionOfInterest?

    package init(
        data: UnsafeRawPointer, format: PixelFormat, width: Int, height: Int, strideBytes: Int = 0, orientation: Int = 1, region: RegionOfInterest? = nil
    ) {
        unsafe (self.data, self.format, self.width, self.height) = (data, format, width, height)
        unsafe (self.strideBytes, self.orientation, self.region) = (strideBytes, orientation, region)
    }

    /// Throws where the numbers make no picture; the pixels are not read.
    package func check() throws(VisionError) { _ = unsafe try source() }

    /// The view as the kernels take it, and the size of the upright picture. Everything but the pixels is checked.
    fileprivate func source() throws(VisionError) -> (source: opsin_image_source, width: Int, height: Int) {
        let (width, height, format) = unsafe (self.width, self.height, self.format)
        let orientation = unsafe self.orientation == 0 ? 1 : self.orientation
        _ = try Image.sampleCount(width: width, height: height, channels: 1)
        guard (1...8).contains(orientation) else { throw VisionError(.argument, "expected an orientation of 1 to 8, found \(orientation)") }
        let rowBytes = width * format.bytesPerPixel
        let stride = unsafe strideBytes == 0 ? rowBytes : strideBytes
        guard stride.magnitude >= rowBytes.magnitude, stride.magnitude <= (1 << 46) / UInt(height) else {
            throw VisionError(.argument, "expected a stride of at least \(rowBytes) bytes for \(width) pixels of \(format.rawValue), found \(stride)")
        }
        let (uprightWidth, uprightHeight) = orientation >= 5 ? (height, width) : (width, height)
        let region = unsafe try region?.pixels(width: uprightWidth, height: uprightHeight) ?? (0, 0, uprightWidth, uprightHeight)
        let source = unsafe opsin_image_source(
            data: data, stride: stride, format: format.c, width: Int32(width), height: Int32(height), orientation: Int32(orientation),
            left: Int32(region.0), top: Int32(region.1), columns: Int32(region.2), rows: Int32(region.3))
        return unsafe (source, uprightWidth, uprightHeight)
    }
}

extension Image {
    /// Copies a caller's pixels: turned upright, cut to the region, converted to 8-bit gray or RGB; alpha is dropped.
    ///
    /// `view.data` must be readable for the stated rows; everything else is checked.
    @unsafe package init(_ view: ImageView) throws(VisionError) {
        let (source, width, height) = unsafe try view.source()
        unsafe self.init(
            unchecked: Image.convert(source), width: Int(source.columns), height: Int(source.rows), channels: view.format.isGray ? 1 : 3, sourceWidth: width,
            sourceHeight: height, originX: Int(source.left), originY: Int(source.top))
    }

    /// The part of the picture under a region of interest, which is in pixels of the source.
    package func cropped(to region: RegionOfInterest) throws(VisionError) -> Image {
        let step = Float(reduction)
        let scaled = RegionOfInterest(x: region.x / step, y: region.y / step, width: region.width / step, height: region.height / step)
        let part = try scaled.pixels(width: width, height: height)
        return try cropped(left: part.left, top: part.top, width: part.width, height: part.height)
    }

    /// The samples of a checked source.
    @unsafe static func convert(_ source: opsin_image_source) -> [UInt8] {
        let gray = unsafe source.format == OPSIN_PIXELS_GRAY8 || source.format == OPSIN_PIXELS_GRAY16 || source.format == OPSIN_PIXELS_GRAYF32
        let size = unsafe Int(source.columns) * Int(source.rows) * (gray ? 1 : 3)
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            guard let out = buffer.baseAddress else { return }
            unsafe LargePages.advise(out, size)
            unsafe withUnsafePointer(to: source) { pointer in unsafe opsin_image_convert(pointer, out) }
            count = size
        }
    }

    /// Turns stored samples upright. `orientation` is 1 to 8.
    static func upright(_ stored: [UInt8], width: Int, height: Int, channels: Int, orientation: Int) -> [UInt8] {
        guard (2...8).contains(orientation) else { return stored }
        let (columns, rows) = orientation >= 5 ? (height, width) : (width, height)
        return unsafe stored.withUnsafeBytes { bytes in
            guard let data = bytes.baseAddress else { return [] }
            return unsafe convert(
                opsin_image_source(
                    data: data, stride: width * channels, format: channels == 1 ? OPSIN_PIXELS_GRAY8 : OPSIN_PIXELS_RGB8, width: Int32(width),
                    height: Int32(height),
                    orientation: Int32(orientation), left: 0, top: 0, columns: Int32(columns), rows: Int32(rows)))
        }
    }
}

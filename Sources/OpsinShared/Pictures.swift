public import COpsin
internal import Opsin
internal import OpsinVision

extension PixelFormat {
    /// The format of an OPSIN_FORMAT_* number.
    init(number: Int32) throws(Failure) {
        switch number {
        case OPSIN_FORMAT_RGB8: self = .rgb8
        case OPSIN_FORMAT_BGR8: self = .bgr8
        case OPSIN_FORMAT_RGBA8: self = .rgba8
        case OPSIN_FORMAT_BGRA8: self = .bgra8
        case OPSIN_FORMAT_GRAY8: self = .gray8
        case OPSIN_FORMAT_GRAY16: self = .gray16
        case OPSIN_FORMAT_RGB16: self = .rgb16
        case OPSIN_FORMAT_GRAY_F32: self = .grayF32
        case OPSIN_FORMAT_RGB_F32: self = .rgbF32
        default: throw Failure(OPSIN_E_ARGUMENT, "image: format is \(number), expected OPSIN_FORMAT_RGB8 (0) to OPSIN_FORMAT_RGB_F32 (8)")
        }
    }
}

/// The caller's pixels before they are read. Everything else about them is checked.
@safe struct PixelSource: @unchecked Sendable {  // the caller leaves the pixels as they are
    private let view: ImageView
    private let timestamp: Int64
    /// Where the pixels are, unless the caller gave their address.
    private let buffer: SharedBuffer?

    init(_ pointer: UnsafePointer<opsin_image>?) throws(Failure) {
        let image = try unsafe read(pointer, "image")
        let format = try unsafe PixelFormat(number: image.format)
        let (width, height) = unsafe (Int(image.width), Int(image.height))
        guard (1...65535).contains(width), (1...65535).contains(height) else {
            throw Failure(OPSIN_E_ARGUMENT, "image: \(width) x \(height) pixels, expected sides of 1 to 65535")
        }
        let region = unsafe image.has_roi == 0 ? nil : RegionOfInterest(x: image.roi_x, y: image.roi_y, width: image.roi_width, height: image.roi_height)
        let data: UnsafeRawPointer
        if let handle = unsafe image.buffer {
            let shared = try unsafe Handles.buffers.object(handle, "image: buffer").buffer
            guard unsafe image.data == nil, unsafe image.stride_bytes >= 0 else {
                throw Failure(OPSIN_E_ARGUMENT, "image: with a buffer data must be NULL and stride_bytes at least 0")
            }
            let row = unsafe Int(image.stride_bytes) == 0 ? width * format.bytesPerPixel : Int(image.stride_bytes)
            let (bytes, overflow) = row.multipliedReportingOverflow(by: height)
            guard !overflow else { throw Failure(OPSIN_E_ARGUMENT, "image: stride_bytes is \(row), too many for \(height) rows") }
            let offset = unsafe image.buffer_offset
            unsafe data = try unsafe opsin { () throws(OpsinError) in try unsafe shared.address(offset, count: bytes) }
            buffer = shared
        } else {
            guard let given = unsafe image.data else { throw .null("image: data") }
            unsafe data = given
            buffer = nil
        }
        unsafe view = ImageView(
            data: data, format: format, width: width, height: height, strideBytes: Int(image.stride_bytes), orientation: Int(image.orientation), region: region)
        unsafe timestamp = image.timestamp_us
        do { try unsafe view.check() } catch { throw Failure(PixelSource.failure(error)) }
    }

    /// The pixels, upright, cut to the region, as 8-bit RGB or gray.
    func image() throws(OpsinError) -> Opsin.Image {
        let start = milliseconds()
        try buffer?.begin()
        defer { buffer?.end() }
        var image: Opsin.Image
        do { image = unsafe Opsin.Image(try OpsinVision.Image(view)) } catch { throw PixelSource.failure(error) }
        (image.timestampMicroseconds, image.conversionMilliseconds) = (timestamp, milliseconds() - start)
        return image
    }

    private static func failure(_ error: VisionError) -> OpsinError {
        OpsinError(error.code == .argument ? .argument : .image, "image: \(error.description)")
    }
}

extension Opsin.Image {
    /// The caller's pixels, upright, cut to the region, as 8-bit RGB or gray.
    init(_ pointer: UnsafePointer<opsin_image>?) throws(Failure) {
        let source = try unsafe PixelSource(pointer)
        self = try opsin { () throws(OpsinError) in try source.image() }
    }
}

/// Refuses options that we do not have.
private func check(_ options: UnsafePointer<opsin_decode_options>?) throws(Failure) -> DecodeOptions {
    let asked = try unsafe readOrDefault(options, "options")
    try checkFlags(asked.flags, known: [OPSIN_DECODE_KEEP_GRAY, OPSIN_DECODE_KEEP_DEPTH, OPSIN_DECODE_AS_STORED], "flags")
    guard asked.flags & (OPSIN_DECODE_KEEP_DEPTH | OPSIN_DECODE_AS_STORED) == 0 else {
        throw .unsupported("decoding to 16 bits (OPSIN_DECODE_KEEP_DEPTH) or without turning upright (OPSIN_DECODE_AS_STORED)")
    }
    return DecodeOptions(asked)
}

extension DecodeOptions {
    init(_ asked: opsin_decode_options) {
        let shortest = min(asked.min_width, asked.min_height)
        self.init(reduceToShortestSide: shortest == 0 ? nil : Int(shortest))
    }
}

/// Runs a decoder, whose errors become failures that name the file.
private func decoded(_ name: String, _ decode: () throws(VisionError) -> OpsinVision.Image) throws(Failure) -> Opsin.Image {
    do {
        return Opsin.Image(try decode())
    } catch {
        throw Failure(OpsinError(error, name: name))
    }
}

/// The handle of a decoded picture, gray made RGB unless gray was asked for.
private func add(_ image: Opsin.Image, _ options: UnsafePointer<opsin_decode_options>?) throws(Failure) -> OpaquePointer? {
    let asked = try unsafe readOrDefault(options, "options")
    guard asked.max_pixels == 0 || UInt64(image.width) * UInt64(image.height) <= asked.max_pixels else {
        throw Failure(OPSIN_E_IMAGE, "\(image.width) x \(image.height) pixels, expected at most \(asked.max_pixels)")
    }
    let keepsGray = asked.flags & OPSIN_DECODE_KEEP_GRAY != 0
    return unsafe Handles.pictures.add(PictureObject(keepsGray ? image : Opsin.Image(image.pixels.rgb())))
}

@c @implementation
public func opsin_picture_decode_file(
    _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<opsin_decode_options>?, _ picture: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(picture, "picture") { () throws(Failure) in
        let decode = try unsafe check(options)
        let path = try unsafe existingPath(path)
        let image = try decoded(path) { () throws(VisionError) in try OpsinVision.Image(contentsOf: path, options: decode) }
        return try unsafe add(image, options)
    }
}

@c @implementation
public func opsin_picture_decode_memory(
    _ bytes: UnsafeRawPointer?, _ byte_count: UInt64, _ options: UnsafePointer<opsin_decode_options>?, _ picture: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(picture, "picture") { () throws(Failure) in
        let decode = try unsafe check(options)
        guard let bytes = unsafe bytes else { throw .null("bytes") }
        guard byte_count >= 1, byte_count <= 1 << 31 else { throw Failure(OPSIN_E_ARGUMENT, "byte_count is \(byte_count), expected 1 to 2^31") }
        let buffer = unsafe UnsafeBufferPointer(start: bytes.assumingMemoryBound(to: UInt8.self), count: Int(byte_count))
        let image = try decoded("image") { () throws(VisionError) in try unsafe OpsinVision.Image(decoding: Span(_unsafeElements: buffer), options: decode) }
        return try unsafe add(image, options)
    }
}

@c @implementation
public func opsin_picture_resize(
    _ image: UnsafePointer<opsin_image>?, _ width: UInt32, _ height: UInt32, _ filter: Int32, _ picture: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(picture, "picture") { () throws(Failure) in
        guard (1...65535).contains(width), (1...65535).contains(height) else {
            throw Failure(OPSIN_E_ARGUMENT, "\(width) x \(height) is out of range, expected sides of 1 to 65535")
        }
        // Pillow's numbers.
        let filters = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"]
        guard filters.indices.contains(Int(filter)) else { throw Failure(OPSIN_E_ARGUMENT, "filter is \(filter), expected 0 (nearest) to 5 (hamming)") }
        let source = try unsafe Opsin.Image(image)
        let resized = try opsin { () throws(OpsinError) in try source.resized(width: Int(width), height: Int(height), filter: filters[Int(filter)]) }
        return unsafe Handles.pictures.add(PictureObject(resized))
    }
}

@c @implementation
public func opsin_picture_view(_ picture: OpaquePointer?, _ image: UnsafeMutablePointer<opsin_image>?) -> opsin_status {
    answer { () throws(Failure) in
        let pixels = try unsafe Handles.pictures.object(picture, "picture").image
        var out = unsafe opsin_image()
        unsafe out.format = pixels.channels == 1 ? OPSIN_FORMAT_GRAY8 : OPSIN_FORMAT_RGB8
        unsafe out.width = Int32(clamping: pixels.width)
        unsafe out.height = Int32(clamping: pixels.height)
        unsafe out.stride_bytes = Int64(pixels.width) * Int64(pixels.channels)
        unsafe out.orientation = 1
        // The samples are one block on the heap that stays as long as the picture is kept: it is never written.
        unsafe out.data = pixels.samples.withUnsafeBufferPointer { unsafe UnsafeRawPointer($0.baseAddress) }
        try unsafe write(out, to: image, "image")
    }
}

@c @implementation
public func opsin_picture_retain(_ picture: OpaquePointer?) { unsafe Handles.pictures.retain(picture) }

@c @implementation
public func opsin_picture_release(_ picture: OpaquePointer?) { unsafe Handles.pictures.release(picture) }

@c @implementation
public func opsin_image_save(_ image: UnsafePointer<opsin_image>?, _ path: UnsafePointer<CChar>?) -> opsin_status {
    answer { () throws(Failure) in
        let pixels = try unsafe Opsin.Image(image)
        let path = try unsafe text(path, "path")
        guard [".png", ".jpg", ".jpeg", ".ppm", ".pgm"].contains(where: { path.lowercased().hasSuffix($0) }) else {
            throw Failure(OPSIN_E_UNSUPPORTED, "\(path): the extension is none of .png, .jpg, .jpeg, .ppm, .pgm")
        }
        try opsin { () throws(OpsinError) in try pixels.write(to: path) }
    }
}

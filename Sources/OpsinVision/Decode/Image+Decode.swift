private import CCodecs
private import CKernels

/// What a caller allows when an image is decoded.
package struct DecodeOptions: Hashable, Sendable {
    /// Lets a JPEG be decoded at 1/2, 1/4 or 1/8 as long as its shorter side keeps this many pixels. Faster, and other pixels than a full decode gives.
    package var reduceToShortestSide: Int?

    /// Most threads that a large JPEG is decoded on; 0: up to 4, as many as this process may use. The pixels are the same.
    package var threads = 0

    package init(reduceToShortestSide: Int? = nil, threads: Int = 0) { (self.reduceToShortestSide, self.threads) = (reduceToShortestSide, threads) }

    /// Pixels from which threads are worth their start.
    static let largePixels = 1 << 20

    /// Threads for a JPEG of that size: one for what is decoded faster than a thread starts.
    func threads(width: Int, height: Int) -> UInt32 {
        guard width * height >= Self.largePixels else { return 1 }
        return threads > 0 ? UInt32(clamping: threads) : min(opsin_cpu_available(), 4)
    }
}

extension Image {
    /// Reads and decodes an image file, upright. Errors carry the path.
    package init(contentsOf path: String, options: DecodeOptions = DecodeOptions()) throws(VisionError) {
        let bytes = try File.read(path) { (head) throws(VisionError) in _ = try ImageFormat(recognizing: head.span) }
        do { try self.init(decoding: bytes.span, options: options) } catch { throw error.naming(path) }
    }

    /// Decodes JPEG, PNG, WebP, BMP, PPM, PGM or PBM, which the bytes themselves tell, and turns the picture upright by its Exif orientation.
    package init(decoding bytes: Span<UInt8>, options: DecodeOptions = DecodeOptions()) throws(VisionError) {
        switch try ImageFormat(recognizing: bytes) {
        case .jpeg: try self.init(jpeg: bytes, options)
        case .png: try self.init(png: bytes)
        case .webp: try self.init(webp: bytes)
        case .bmp: self = try BMPReader.read(bytes)
        case .pnm: self = try PNMReader.read(bytes)
        }
    }

    private init(jpeg bytes: Span<UInt8>, _ options: DecodeOptions) throws(VisionError) {
        let shortest = UInt32(clamping: options.reduceToShortestSide ?? 0)
        var info = opsin_codec_info()
        unsafe try Image.call(bytes) { unsafe opsin_jpeg_header($0, $1, shortest, &info, $2) }
        let threads = options.threads(width: Int(info.width), height: Int(info.height))
        unsafe try self.init(bytes, &info) { bytes, count, info, pixels, message in
            unsafe opsin_jpeg_decode(bytes, count, info, threads, pixels, message)
        }
    }

    private init(png bytes: Span<UInt8>) throws(VisionError) {
        var info = opsin_codec_info()
        unsafe try Image.call(bytes) { unsafe opsin_png_header($0, $1, &info, $2) }
        unsafe try self.init(bytes, &info) { bytes, count, info, pixels, message in unsafe opsin_png_decode(bytes, count, info, pixels, message) }
    }

    private init(webp bytes: Span<UInt8>) throws(VisionError) {
        var info = opsin_codec_info()
        unsafe try Image.call(bytes) { unsafe opsin_webp_header($0, $1, &info, $2) }
        unsafe try self.init(bytes, &info) { bytes, count, info, pixels, message in unsafe opsin_webp_decode(bytes, count, info, pixels, message) }
    }

    private typealias Decode = (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<opsin_codec_info>, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<CChar>) ->
        Int32

    /// Decodes into fresh memory of the size that the header gave, then turns it upright.
    private init(_ bytes: Span<UInt8>, _ info: inout opsin_codec_info, _ decode: Decode) throws(VisionError) {
        let (width, height, channels) = (Int(info.width), Int(info.height), Int(info.channels))
        let size = try Image.sampleCount(width: width, height: height, channels: channels)
        var stored: [UInt8] = []
        unsafe try Image.call(bytes) { pointer, count, message in
            var status: Int32 = 0
            stored = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, done in
                guard let out = buffer.baseAddress else { return }
                unsafe LargePages.advise(out, size)
                status = unsafe decode(pointer, count, &info, out, message)
                if status == 0 { done = size }
            }
            return status
        }
        let orientation = Int(info.orientation)
        let turned = orientation >= 5
        self.init(
            unchecked: Image.upright(stored, width: width, height: height, channels: channels, orientation: orientation), width: turned ? height : width,
            height: turned ? width : height, channels: channels, sourceWidth: Int(turned ? info.full_height : info.full_width),
            sourceHeight: Int(turned ? info.full_width : info.full_height), reduction: Int(info.reduction))
    }

    /// Runs a codec call over the bytes and turns its status and message into an error.
    private static func call(_ bytes: Span<UInt8>, _ body: (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<CChar>) -> Int32) throws(VisionError) {
        var text = ""
        let status = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(OPSIN_CODEC_MESSAGE)) { message in
            guard let note = message.baseAddress else { return Int32(OPSIN_CODEC_MEMORY) }
            unsafe note.initialize(repeating: 0, count: message.count)
            let status = unsafe bytes.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return Int32(OPSIN_CODEC_TRUNCATED) }
                return unsafe body(base, buffer.count, note)
            }
            text = unsafe String(cString: note)
            return status
        }
        if status != 0 { throw VisionError(code(status), text.isEmpty ? "the image cannot be decoded" : text) }
    }

    private static func code(_ status: Int32) -> VisionError.Code {
        switch status {
        case OPSIN_CODEC_TRUNCATED: .truncated
        case OPSIN_CODEC_TOO_LARGE, OPSIN_CODEC_MEMORY: .tooLarge
        case OPSIN_CODEC_UNSUPPORTED: .unsupported
        default: .malformed
        }
    }
}

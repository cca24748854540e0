package import OpsinVision

/// An upright picture in memory: 8-bit RGB or gray, row by row.
public struct Image: Hashable, Sendable {
    package let pixels: OpsinVision.Image
    /// Time that reading and decoding took; 0 when pixels were given.
    public let decodeMilliseconds: Double
    /// The caller's own number, handed on to the result.
    public var timestampMicroseconds: Int64 = 0
    /// Time that making a caller's pixels upright 8-bit RGB or gray took; it counts as preprocessing.
    package var conversionMilliseconds = 0.0

    /// Reads JPEG, PNG, WebP, BMP, PPM or PGM and turns it upright as its Exif data say. Throws with the path and the reason.
    ///
    /// A large JPEG is decoded on at most `threads` threads; 0 is up to 4, as many as this process may use.
    public init(path: String, threads: Int = 0) throws(OpsinError) {
        let start = milliseconds()
        do {
            pixels = try OpsinVision.Image(contentsOf: path, options: DecodeOptions(threads: threads))
        } catch {
            throw OpsinError(ofFile: error, name: path)
        }
        decodeMilliseconds = milliseconds() - start
    }

    /// Decodes the bytes of such a file. `name` is what errors call it.
    public init(decoding bytes: Span<UInt8>, name: String = "image") throws(OpsinError) {
        let start = milliseconds()
        do {
            pixels = try OpsinVision.Image(decoding: bytes)
        } catch {
            throw OpsinError(ofFile: error, name: name)
        }
        decodeMilliseconds = milliseconds() - start
    }

    /// `height` rows of `width` pixels of `channels` 8-bit samples: 3 is RGB, 1 gray.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(OpsinError) {
        do {
            self.init(try OpsinVision.Image(width: width, height: height, channels: channels, pixels: pixels))
        } catch {
            throw OpsinError(error)
        }
    }

    package init(_ pixels: OpsinVision.Image) { (self.pixels, decodeMilliseconds) = (pixels, 0) }

    /// Columns of the upright picture.
    public var width: Int { pixels.width }
    /// Rows of the upright picture.
    public var height: Int { pixels.height }
    /// 3 for RGB, 1 for gray.
    public var channels: Int { pixels.channels }
    /// Row-major, interleaved samples.
    public var samples: [UInt8] { pixels.pixels }
}

extension OpsinError {
    /// The error of bytes that somebody else wrote: a size of 0 in them is a damaged image, not a wrong argument of the caller.
    fileprivate init(ofFile error: VisionError, name: String) {
        let plain = OpsinError(error, name: name)
        self.init(plain.code == .argument ? .image : plain.code, plain.description)
    }

    /// `name` is put in front unless the error names a file already.
    package init(_ error: VisionError, name: String? = nil) {
        let code: Code =
            switch error.code {
            case .argument: .argument
            case .file: .io
            case .recipe: .model
            default: .image
            }
        self.init(code, error.path == nil && name != nil ? "\(name ?? ""): \(error.description)" : error.description)
    }
}

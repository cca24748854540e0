internal import OpsinVision

extension Image {
    /// The picture at another size, with Pillow's pixels.
    ///
    /// - Parameters:
    ///   - width: columns of the new picture.
    ///   - height: rows of the new picture.
    ///   - filter: nearest, box, bilinear, hamming, bicubic or lanczos.
    ///   - box: left, top, right and bottom of the part to take, in pixels; nil is the whole picture.
    public func resized(width: Int, height: Int, filter: String, box: [Double]? = nil) throws(OpsinError) -> Image {
        guard let filter = ResizeFilter(rawValue: filter) else {
            throw OpsinError(
                .argument, "filter \"\(filter.prefix(40))\" is unknown (expected \(ResizeFilter.allCases.map(\.rawValue).joined(separator: ", ")))")
        }
        do {
            let part = box.map { ResizeBox(left: Float($0[0]), top: Float($0[1]), right: Float($0[2]), bottom: Float($0[3])) }
            return Image(try pixels.resized(width: width, height: height, filter: filter, box: part))
        } catch {
            throw OpsinError(error)
        }
    }

    /// Writes PNG, JPEG (quality 92), PPM or PGM, by the extension of `path`.
    public func write(to path: String) throws(OpsinError) {
        do {
            try pixels.write(to: path)
        } catch {
            throw OpsinError(error)
        }
    }

    /// The picture on the left and `other` on the right; what one lacks in height is black.
    public func beside(_ other: Image) throws(OpsinError) -> Image {
        do {
            return Image(try pixels.beside(other.pixels))
        } catch {
            throw OpsinError(error)
        }
    }
}

private import CCodecs

/// The image libraries that are linked in.
package enum Codecs {
    /// Name and version of each, as the running library says.
    package static var versions: [(name: String, version: String)] {
        [("libjpeg", opsin_jpeg_version()), ("libpng", opsin_png_version()), ("libwebp", opsin_webp_version())].map { name, packed in
            (name, "\(packed >> 16).\(packed >> 8 & 255).\(packed & 255)")
        }
    }
}

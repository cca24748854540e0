private import CCodecs

extension PreprocessRecipe {
    /// What `apply` makes of a JPEG's pixels, to the bit, with each row resized across as soon as it is decoded: the photo as a whole is never in memory.
    ///
    /// Nil where that has nothing to give or to say, and the whole image must be decoded: no JPEG, a small one, one of several
    /// scans, one that its Exif data turn, one that is damaged, a resize that goes down the columns first. `decoded` is called between decoding and the rest.
    package func apply(
        jpeg bytes: Span<UInt8>, options: DecodeOptions = DecodeOptions(), parallel: Parallel = .serial, decoded: () -> Void = {}
    ) throws(VisionError) -> PreprocessedImage? {
        guard case .jpeg? = try? ImageFormat(recognizing: bytes), let info = Self.header(bytes), info.orientation <= 1 else { return nil }
        let (width, height, channels) = (Int(info.width), Int(info.height), Int(info.channels)), threads = options.threads(width: width, height: height)
        guard width * height >= DecodeOptions.largePixels else { return nil }
        let geometry = try geometry(width: width, height: height), region = kept(geometry)
        let plan = try ResizePlan(
            source: (width, height), channels: channels, sampleBytes: 1, target: (geometry.resizedWidth, geometry.resizedHeight), filter: filter, box: nil,
            region: region)
        let samples = unsafe try plan.run(parallel) { rows, take, context in
            defer { decoded() }
            return unsafe bytes.withUnsafeBufferPointer { pointer in
                var info = info
                guard let base = pointer.baseAddress else { return false }
                return unsafe opsin_jpeg_decode_rows(
                    base, pointer.count, &info, threads, UInt32(rows.lowerBound), UInt32(rows.upperBound), take, context) == OPSIN_CODEC_OK
            }
        }
        guard let samples else { return nil }
        return try normalised(cropped(Image(unchecked: samples, width: region.width, height: region.height, channels: channels), geometry), geometry)
    }

    private static func header(_ bytes: Span<UInt8>) -> opsin_codec_info? {
        var info = opsin_codec_info(), message = [CChar](repeating: 0, count: Int(OPSIN_CODEC_MESSAGE))
        let status = unsafe bytes.withUnsafeBufferPointer { pointer in
            unsafe pointer.baseAddress.map { unsafe opsin_jpeg_header($0, pointer.count, 0, &info, &message) } ?? OPSIN_CODEC_MALFORMED
        }
        return status == OPSIN_CODEC_OK ? info : nil
    }
}

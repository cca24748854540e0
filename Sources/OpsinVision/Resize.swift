internal import CKernels

/// Pillow's resampling filters. Their support is stretched when an image shrinks, `nearest` excepted.
package enum ResizeFilter: String, CaseIterable, Sendable {
    case nearest, box, bilinear, hamming, bicubic, lanczos

    var c: opsin_filter {
        switch self {
        case .nearest: OPSIN_FILTER_NEAREST
        case .box: OPSIN_FILTER_BOX
        case .bilinear: OPSIN_FILTER_BILINEAR
        case .hamming: OPSIN_FILTER_HAMMING
        case .bicubic: OPSIN_FILTER_BICUBIC
        case .lanczos: OPSIN_FILTER_LANCZOS
        }
    }
}

/// The part of the source that becomes the whole target, in source pixels, fractions included.
package struct ResizeBox: Hashable, Sendable {
    package var left: Float
    package var top: Float
    package var right: Float
    package var bottom: Float

    package init(left: Float, top: Float, right: Float, bottom: Float) { (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom) }
}

/// A rectangle of whole pixels.
package struct PixelRegion: Hashable, Sendable {
    package var left: Int
    package var top: Int
    package var width: Int
    package var height: Int

    package init(left: Int, top: Int, width: Int, height: Int) { (self.left, self.top, self.width, self.height) = (left, top, width, height) }
}

extension Image {
    /// What Pillow 13's `Image.resize((width, height), filter, box)` gives, to the bit. With `region` only that part of the target is computed and returned:
    /// the same pixels as cutting it out of the whole. The result is an image of its own: it does not remember the source.
    package func resized(
        width: Int, height: Int, filter: ResizeFilter, box: ResizeBox? = nil, region: PixelRegion? = nil, parallel: Parallel = .serial
    ) throws(VisionError) -> Image {
        let plan = try ResizePlan(
            source: (self.width, self.height), channels: channels, sampleBytes: 1, target: (width, height), filter: filter, box: box, region: region)
        let samples = unsafe try plan.run(pixels.span, parallel, zero: 0)
        return Image(unchecked: samples, width: plan.region.width, height: plan.region.height, channels: channels)
    }
}

/// One plane of floats: a depth map, or an image in Pillow's mode F.
package struct FloatPlane: Hashable, Sendable {
    package let width: Int
    package let height: Int
    package let values: [Float]

    package init(width: Int, height: Int, values: [Float]) throws(VisionError) {
        let count = try Image.sampleCount(width: width, height: height, channels: 1)
        guard values.count == count else { throw VisionError(.argument, "expected \(count) values for \(width) x \(height), found \(values.count)") }
        (self.width, self.height, self.values) = (width, height, values)
    }

    /// As `Image.resized`, in double precision and without rounding between the passes.
    package func resized(width: Int, height: Int, filter: ResizeFilter, box: ResizeBox? = nil, parallel: Parallel = .serial) throws(VisionError) -> FloatPlane {
        let plan = try ResizePlan(
            source: (self.width, self.height), channels: 1, sampleBytes: 4, target: (width, height), filter: filter, box: box, region: nil)
        return unsafe try FloatPlane(width: width, height: height, values: plan.run(values.span, parallel, zero: 0))
    }
}

private import CKernels

/// A model's input: float32 in NHWC, and where it came from.
package struct PreprocessedImage: Hashable, Sendable {
    /// `height * width * 3` values, channels next to each other.
    package var pixels: [Float]
    package var height: Int
    package var width: Int
    package var geometry: PreprocessGeometry

    /// The values in the references' layout: all of red, then green, then blue (NCHW).
    package var channelsFirst: [Float] {
        var planes: [Float] = []
        planes.reserveCapacity(pixels.count)
        for channel in 0..<3 {
            for at in stride(from: channel, to: pixels.count, by: 3) { planes.append(pixels[at]) }
        }
        return planes
    }
}

extension PreprocessRecipe {
    /// Resizes, crops, rescales and normalises.
    package func apply(_ image: Image, parallel: Parallel = .serial) throws(VisionError) -> PreprocessedImage {
        let (samples, geometry) = try samples(of: image, parallel: parallel)
        return try normalised(samples, geometry)
    }

    /// Rescales, normalises and pads what was resized and cropped.
    func normalised(_ samples: Image, _ geometry: PreprocessGeometry) throws(VisionError) -> PreprocessedImage {
        let tables = try lookupTables()
        let count = samples.width * samples.height
        var pixels = unsafe [Float](unsafeUninitializedCapacity: count * 3) { buffer, done in
            guard let out = buffer.baseAddress else { return }
            unsafe opsin_image_lookup(samples.pixels, count, 3, tables, out)
            done = count * 3
        }
        if geometry.width != samples.width || geometry.height != samples.height { pixels = padded(pixels, geometry) }
        return PreprocessedImage(pixels: pixels, height: geometry.height, width: geometry.width, geometry: geometry)
    }

    /// The RGB samples just before rescaling: resized and cropped. Only the part of the resize that the crop keeps is computed.
    package func samples(of image: Image, parallel: Parallel = .serial) throws(VisionError) -> (Image, PreprocessGeometry) {
        let geometry = try geometry(of: image)
        let region = kept(geometry)
        let resized = try image.resized(width: geometry.resizedWidth, height: geometry.resizedHeight, filter: filter, region: region, parallel: parallel)
        return (cropped(resized, geometry), geometry)
    }

    /// The part `kept(geometry)` of the resized image as RGB, with the crop's colour around it where the crop is larger.
    func cropped(_ part: Image, _ geometry: PreprocessGeometry) -> Image {
        let region = kept(geometry), resized = part.rgb().channelsSwapped(swapsChannels)
        guard region.width != geometry.cropWidth || region.height != geometry.cropHeight else { return resized }

        let fill = crop?.fill ?? [0, 0, 0]
        var canvas: [UInt8] = []
        canvas.reserveCapacity(geometry.cropWidth * geometry.cropHeight * 3)
        for y in 0..<geometry.cropHeight {
            let row = y + geometry.cropTop - region.top
            for x in 0..<geometry.cropWidth {
                let column = x + geometry.cropLeft - region.left
                if (0..<region.height).contains(row), (0..<region.width).contains(column) {
                    let at = (row * region.width + column) * 3
                    canvas.append(contentsOf: resized.pixels[at..<at + 3])
                } else {
                    canvas.append(contentsOf: fill)
                }
            }
        }
        return Image(unchecked: canvas, width: geometry.cropWidth, height: geometry.cropHeight, channels: 3)
    }

    /// The sizes and offsets for `image`, and which part of its source they cover.
    package func geometry(of image: Image) throws(VisionError) -> PreprocessGeometry {
        var geometry = try geometry(width: image.width, height: image.height)
        (geometry.sourceWidth, geometry.sourceHeight, geometry.originX, geometry.originY) = (
            image.sourceWidth, image.sourceHeight, image.originX, image.originY
        )
        geometry.coveredWidth = max(min(image.width * image.reduction, image.sourceWidth - image.originX), 1)
        geometry.coveredHeight = max(min(image.height * image.reduction, image.sourceHeight - image.originY), 1)
        return geometry
    }

    /// The part of the resized image that the crop keeps.
    func kept(_ geometry: PreprocessGeometry) -> PixelRegion {
        let left = max(geometry.cropLeft, 0), top = max(geometry.cropTop, 0)
        let right = min(geometry.cropLeft + geometry.cropWidth, geometry.resizedWidth)
        let bottom = min(geometry.cropTop + geometry.cropHeight, geometry.resizedHeight)
        return PixelRegion(left: left, top: top, width: right - left, height: bottom - top)
    }

    /// The value of each of the 256 levels per channel, in fp32 and in the order of the reference: an exact and fast way to normalise.
    func lookupTables() throws(VisionError) -> [Float] {
        var tables: [Float] = []
        for channel in 0..<3 {
            for level in 0..<256 {
                var value: Float
                switch rescale {
                case .none: value = Float(level)
                case .over255: value = Float(level) / 255
                case .times(let factor): value = Float(Double(level) * factor)
                }
                if let mean, mean.count == 3 { value -= mean[channel] }
                if let deviation, deviation.count == 3 { value /= deviation[channel] }
                guard value.isFinite else { throw VisionError(.recipe, "normalising gives values that are not finite") }
                tables.append(value)
            }
        }
        return tables
    }

    private func padded(_ pixels: [Float], _ geometry: PreprocessGeometry) -> [Float] {
        var out = [Float](repeating: 0, count: geometry.width * geometry.height * 3)
        for y in 0..<geometry.cropHeight {
            let from = y * geometry.cropWidth * 3
            let to = ((y + geometry.padTop) * geometry.width + geometry.padLeft) * 3
            out.replaceSubrange(to..<to + geometry.cropWidth * 3, with: pixels[from..<from + geometry.cropWidth * 3])
        }
        return out
    }
}

/// Several inputs of different sizes as one batch: zeros at the right and bottom, as DETR wants it.
package struct PreprocessedBatch: Hashable, Sendable {
    /// `count * height * width * 3` values.
    package var pixels: [Float] = []
    package var height: Int
    package var width: Int
    /// Height and width that are not padding, per image.
    package var valid: [PreprocessRecipe.PadSize] = []

    package init(_ images: [PreprocessedImage]) throws(VisionError) {
        height = images.map(\.height).max() ?? 0
        width = images.map(\.width).max() ?? 0
        guard !images.isEmpty, images.count <= 4096, height * width <= Image.maximumPixels / images.count else {
            throw VisionError(
                .tooLarge, "expected 1 to 4096 images and at most \(Image.maximumPixels) pixels in a batch, found \(images.count) of \(height) x \(width)")
        }
        pixels.reserveCapacity(images.count * height * width * 3)
        for image in images {
            valid.append(PreprocessRecipe.PadSize(height: image.height, width: image.width))
            for y in 0..<image.height {
                pixels.append(contentsOf: image.pixels[y * image.width * 3..<(y + 1) * image.width * 3])
                pixels.append(contentsOf: repeatElement(0, count: (width - image.width) * 3))
            }
            pixels.append(contentsOf: repeatElement(0, count: (height - image.height) * width * 3))
        }
    }
}

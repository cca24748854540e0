/// What has to be done to a picture before a model sees it: resize, crop, rescale, normalise. Made from the files that a model ships with.
package struct PreprocessRecipe: Hashable, Sendable {
    /// How the size after the resize follows from the size before.
    package enum Resize: Hashable, Sendable {
        case none
        /// The shorter side gets this length, the longer one follows, truncated (torchvision, transformers).
        case shortestEdge(Int)
        /// Both sides are given; the aspect ratio is lost.
        case exact(height: Int, width: Int)
        /// DETR: the shorter side gets this length unless the longer one would pass its limit.
        case shortestAndLongest(shortest: Int, longest: Int?)
        /// DPT: near to this size, each side a multiple, the aspect ratio kept with as little scaling as possible when asked for.
        case multiple(height: Int, width: Int, of: Int, keepsAspectRatio: Bool)
        /// timm: the aspect ratio is kept; the box is covered, or with `fits` the picture lies inside of it.
        case ratio(height: Int, width: Int, fits: Bool)
        /// The largest size inside of the box, truncated.
        case within(height: Int, width: Int)
    }

    /// A rectangle in the middle of the resized image; where it is larger, `fill` surrounds the image.
    package struct Crop: Hashable, Sendable {
        package enum Rounding: Sendable {
            /// Half of the difference, half to even (torchvision, timm); padding is the floor of half of it.
            case halfToEven
            /// The floor of half of the difference (transformers).
            case down
        }

        package var height: Int
        package var width: Int
        package var rounding: Rounding
        package var fill: [UInt8]

        package init(height: Int, width: Int, rounding: Rounding, fill: [UInt8]) {
            (self.height, self.width, self.rounding, self.fill) = (height, width, rounding, fill)
        }
    }

    /// From 0...255 to the numbers that mean and deviation are about.
    package enum Rescale: Hashable, Sendable {
        case none
        /// Division in fp32 (torchvision's ToTensor).
        case over255
        /// Multiplication in double, rounded to fp32 (transformers).
        case times(Double)
    }

    package var resize = Resize.none
    package var filter = ResizeFilter.bicubic
    package var crop: Crop?
    package var rescale = Rescale.over255
    /// Per channel; nil: not normalised.
    package var mean: [Float]?
    package var deviation: [Float]?
    /// Blue first.
    package var swapsChannels = false
    /// After normalising, zeros around the image up to a multiple of this.
    package var padMultiple: Int?
    /// After normalising, zeros at the right and bottom up to this size.
    package var padSize: PadSize?

    package struct PadSize: Hashable, Sendable {
        package var height: Int
        package var width: Int

        package init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
    }

    /// Longest side of a model's input.
    package static let largestSide = 8192

    package init() {}

    /// The sizes and offsets for an image of that size. Throws when a side becomes 0 or too large.
    package func geometry(width: Int, height: Int) throws(VisionError) -> PreprocessGeometry {
        _ = try Image.sampleCount(width: width, height: height, channels: 1)
        let (resizedWidth, resizedHeight) = try resizedSize(width: width, height: height)
        guard resizedWidth >= 1, resizedHeight >= 1, resizedWidth <= 1 << 30, resizedHeight <= 1 << 30 else {
            throw VisionError(
                .recipe, "an image of \(width) x \(height) would become \(resizedWidth) x \(resizedHeight) pixels: its sides differ too much for this model")
        }
        var geometry = PreprocessGeometry(
            sourceWidth: width, sourceHeight: height, coveredWidth: width, coveredHeight: height, resizedWidth: resizedWidth, resizedHeight: resizedHeight,
            cropWidth: resizedWidth, cropHeight: resizedHeight, width: resizedWidth, height: resizedHeight)
        if let crop {
            (geometry.cropWidth, geometry.cropHeight) = (crop.width, crop.height)
            geometry.cropLeft = PreprocessRecipe.cropOffset(resizedWidth, crop.width, crop.rounding)
            geometry.cropTop = PreprocessRecipe.cropOffset(resizedHeight, crop.height, crop.rounding)
        }
        (geometry.width, geometry.height) = (geometry.cropWidth, geometry.cropHeight)
        if let padMultiple {
            geometry.width = (geometry.cropWidth + padMultiple - 1) / padMultiple * padMultiple
            geometry.height = (geometry.cropHeight + padMultiple - 1) / padMultiple * padMultiple
            (geometry.padLeft, geometry.padTop) = ((geometry.width - geometry.cropWidth) / 2, (geometry.height - geometry.cropHeight) / 2)
        }
        if let padSize {
            guard padSize.width >= geometry.width, padSize.height >= geometry.height else {
                throw VisionError(
                    .recipe, "padding to \(padSize.width) x \(padSize.height) is smaller than the image of \(geometry.width) x \(geometry.height)")
            }
            (geometry.width, geometry.height) = (padSize.width, padSize.height)
        }
        guard geometry.width <= PreprocessRecipe.largestSide, geometry.height <= PreprocessRecipe.largestSide else {
            throw VisionError(
                .tooLarge, "expected an input of at most \(PreprocessRecipe.largestSide) pixels a side, found \(geometry.width) x \(geometry.height)")
        }
        return geometry
    }

    private static func cropOffset(_ size: Int, _ crop: Int, _ rounding: Crop.Rounding) -> Int {
        let difference = size - crop
        switch rounding {
        case .down: return difference >> 1
        case .halfToEven: return difference < 0 ? -(-difference / 2) : halfToEven(Double(difference) / 2)
        }
    }

    /// Python's `round`. Values are bounded by the callers; what is not becomes a size that `geometry` refuses.
    private static func halfToEven(_ value: Double) -> Int { Int(exactly: value.rounded(.toNearestOrEven)) ?? 0 }

    /// Python's `int`.
    private static func truncated(_ value: Double) -> Int { Int(exactly: value.rounded(.towardZero)) ?? 0 }

    private func resizedSize(width: Int, height: Int) throws(VisionError) -> (Int, Int) {
        let (w, h) = (Double(width), Double(height))
        switch resize {
        case .none: return (width, height)
        case .exact(let targetHeight, let targetWidth): return (targetWidth, targetHeight)
        case .shortestEdge(let side):
            return width <= height
                ? (side, PreprocessRecipe.truncated(Double(side * height) / w)) : (PreprocessRecipe.truncated(Double(side * width) / h), side)
        case .shortestAndLongest(let shortest, let longest): return PreprocessRecipe.detr(width, height, shortest, longest)
        case .multiple(let targetHeight, let targetWidth, let multiple, let keepsAspectRatio):
            var scaleHeight = Double(targetHeight) / h
            var scaleWidth = Double(targetWidth) / w
            if keepsAspectRatio {
                if abs(1 - scaleWidth) < abs(1 - scaleHeight) { scaleHeight = scaleWidth } else { scaleWidth = scaleHeight }
            }
            return (
                PreprocessRecipe.halfToEven(scaleWidth * w / Double(multiple)) * multiple,
                PreprocessRecipe.halfToEven(scaleHeight * h / Double(multiple)) * multiple
            )
        case .ratio(let targetHeight, let targetWidth, let fits):
            let ratioHeight = h / Double(targetHeight)
            let ratioWidth = w / Double(targetWidth)
            let ratio = fits ? max(ratioHeight, ratioWidth) : min(ratioHeight, ratioWidth)
            return (PreprocessRecipe.halfToEven(w / ratio), PreprocessRecipe.halfToEven(h / ratio))
        case .within(let targetHeight, let targetWidth):
            let scale = min(Double(targetHeight) / h, Double(targetWidth) / w)
            return (PreprocessRecipe.truncated(w * scale), PreprocessRecipe.truncated(h * scale))
        }
    }

    /// In double and in this order, as transformers computes it: an image whose short side already has the rounded length is left as it is, and the long
    /// side comes from the unrounded length, so that it ends at 1332 now and then.
    private static func detr(_ width: Int, _ height: Int, _ shortest: Int, _ longest: Int?) -> (Int, Int) {
        let short = Double(min(width, height))
        let long = Double(max(width, height))
        var size = shortest
        var raw = Double(shortest)
        if let longest, long / short * Double(shortest) > Double(longest) {
            raw = Double(longest) * short / long
            size = halfToEven(raw)
        }
        if min(width, height) == size { return (width, height) }
        return width < height
            ? (size, truncated(raw * Double(height) / Double(width))) : (truncated(raw * Double(width) / Double(height)), size)
    }
}

package import OpsinModels

extension PreprocessRecipe {
    /// What transformers' image processor of a `preprocessor_config.json` does, in its Pillow backend; the older `feature_extractor_type` form too.
    package init(transformers config: JSON) throws(VisionError) {
        let reader = RecipeReader([config])
        let family = try Family(reader)
        self.init()
        filter = try PreprocessRecipe.filter(reader, family)
        resize = try reader.bool("do_resize", true) ? PreprocessRecipe.resize(reader, family) : .none
        if try reader.bool("do_center_crop", family.cropSide != nil) { crop = try PreprocessRecipe.centerCrop(reader, family) }
        if try reader.bool("do_rescale", true) {
            let factor = reader["rescale_factor"] ?? .number(1.0 / 255)
            guard let value = factor.double, value != 0, abs(value) <= 1e6 else {
                throw reader.fail("rescale_factor", "a number other than 0, at most 1e6", factor)
            }
            rescale = .times(value)
        } else {
            rescale = .none
        }
        if try reader.bool("do_normalize", family.normalizes) {
            mean = try reader.triple("image_mean", family.usesHalves ? [0.5, 0.5, 0.5] : PreprocessRecipe.imageNetMean)
            deviation = try reader.triple("image_std", family.usesHalves ? [0.5, 0.5, 0.5] : PreprocessRecipe.imageNetDeviation, isDivisor: true)
        }
        swapsChannels = try reader.bool("do_flip_channel_order", family.swapsChannels)
        if try reader.bool("do_pad", false) {
            if let size = reader["pad_size"] {
                padSize = PadSize(height: try reader.side("pad_size", size["height"]), width: try reader.side("pad_size", size["width"]))
            } else if let divisor = reader["size_divisor"] {
                padMultiple = try reader.side("size_divisor", divisor)
            }
        }
    }

    /// Defaults of the processors' classes for keys that a file leaves out.
    private struct Family {
        var name: String
        /// What `size` stands for when it is one number: the shorter side, or both.
        var isSquare = false
        var size: JSON = ["shortest_edge": 224]
        var resample = 2
        /// The default crop; nil: not cropped.
        var cropSide: Int?
        var normalizes = true
        /// Mean and deviation are 0.5, not ImageNet's.
        var usesHalves = true
        var swapsChannels = false
        var isDETR = false
        var isDPT = false

        init(_ reader: RecipeReader) throws(VisionError) {
            let type = reader["image_processor_type"] ?? reader["feature_extractor_type"] ?? ""
            guard let full = type.string else { throw reader.fail("image_processor_type", "a class name", type) }
            name = full
            for suffix in ["ImageProcessorFast", "ImageProcessorPil", "ImageProcessor", "FeatureExtractor"] where full.hasSuffix(suffix) {
                name = String(full.dropLast(suffix.count))
                break
            }
            switch name {
            case "MobileNetV1", "MobileNetV2": (size, cropSide) = (["shortest_edge": 256], 224)
            case "MobileViT": (cropSide, normalizes, swapsChannels) = (256, false, true)
            case "ViT": (size, isSquare) = (["height": 224, "width": 224], true)
            case "DeiT": (size, isSquare, resample, cropSide, usesHalves) = (["height": 256, "width": 256], true, 3, 224, false)
            case "DPT": (size, isSquare, resample, isDPT) = (["height": 384, "width": 384], true, 3, true)
            case "Detr", "DeformableDetr", "ConditionalDetr":
                (size, usesHalves, isDETR) = (["shortest_edge": 800, "longest_edge": 1333], false, true)
            case "RTDetr": (size, isSquare, normalizes, usesHalves, isDETR) = (["height": 640, "width": 640], true, false, false, true)
            default:
                throw VisionError(
                    .unsupported,
                    "\"image_processor_type\": expected MobileNetV1, MobileNetV2, MobileViT, ViT, DeiT, DPT, Detr, DeformableDetr, ConditionalDetr or RTDetr, "
                        + "found \(String(type.text.prefix(60)))")
            }
        }
    }

    /// Pillow's codes.
    private static func filter(_ reader: RecipeReader, _ family: Family) throws(VisionError) -> ResizeFilter {
        let code = reader["resample"] ?? .integer(family.resample)
        switch code.int {
        case 0: return .nearest
        case 1: return .lanczos
        case 2: return .bilinear
        case 3: return .bicubic
        case 4: return .box
        case 5: return .hamming
        default: throw reader.fail("resample", "0 to 5", code)
        }
    }

    private static func resize(_ reader: RecipeReader, _ family: Family) throws(VisionError) -> Resize {
        let size = reader["size"] ?? family.size
        if size.members == nil {
            let side = try reader.side("size", size)
            if family.isDETR && !family.isSquare {
                return .shortestAndLongest(shortest: side, longest: try reader.side("max_size", reader["max_size"] ?? 1333))
            }
            if !family.isSquare { return .shortestEdge(side) }
            return family.isDPT ? try multiple(reader, side, side) : .exact(height: side, width: side)
        }
        if size["height"] != nil || size["width"] != nil {
            let height = try reader.side("size", size["height"])
            let width = try reader.side("size", size["width"])
            return family.isDPT ? try multiple(reader, height, width) : .exact(height: height, width: width)
        }
        if size["max_height"] != nil || size["max_width"] != nil {
            return .within(height: try reader.side("size", size["max_height"]), width: try reader.side("size", size["max_width"]))
        }
        guard let edge = size["shortest_edge"] else { throw reader.fail("size", "a number, shortest_edge, or height and width", size) }
        let shortest = try reader.side("size", edge)
        let limit = size["longest_edge"] ?? (family.isDETR ? reader["max_size"] : nil)
        guard family.isDETR || limit != nil else { return .shortestEdge(shortest) }
        guard let limit, !limit.isNull else { return .shortestAndLongest(shortest: shortest, longest: nil) }
        return .shortestAndLongest(shortest: shortest, longest: try reader.side("size", limit))
    }

    private static func multiple(_ reader: RecipeReader, _ height: Int, _ width: Int) throws(VisionError) -> Resize {
        .multiple(
            height: height, width: width, of: try reader.side("ensure_multiple_of", reader["ensure_multiple_of"] ?? 1),
            keepsAspectRatio: try reader.bool("keep_aspect_ratio", false))
    }

    private static func centerCrop(_ reader: RecipeReader, _ family: Family) throws(VisionError) -> Crop {
        let size = reader["crop_size"] ?? .integer(family.cropSide ?? 224)
        let isPair = size.members != nil
        return Crop(
            height: try reader.side("crop_size", isPair ? size["height"] : size), width: try reader.side("crop_size", isPair ? size["width"] : size),
            rounding: .down, fill: [0, 0, 0])
    }
}

package import OpsinModels

extension PreprocessRecipe {
    /// The evaluation transform that timm builds from a `config.json` (`timm.data.create_transform` of the resolved data configuration).
    ///
    /// `useTestSize` takes `test_input_size` and `test_crop_pct` where they are given; `size` stands in the place of the file's, as `input_size=` of
    /// `timm.data.create_transform` does.
    package init(timm config: JSON, useTestSize: Bool = false, size asked: Size? = nil) throws(VisionError) {
        let reader = RecipeReader([config, config["pretrained_cfg"] ?? .null])
        let sizeKey = useTestSize && reader["test_input_size"] != nil ? "test_input_size" : "input_size"
        let cropKey = useTestSize && reader["test_crop_pct"] != nil ? "test_crop_pct" : "crop_pct"
        let size = reader[sizeKey] ?? [3, 224, 224]
        guard let sides = size.array, sides.count == 3, sides[0].int == 3 else { throw reader.fail(sizeKey, "[3, height, width]", size) }
        let (ownHeight, ownWidth) = (try reader.side(sizeKey, sides[1]), try reader.side(sizeKey, sides[2]))
        let (height, width) = (asked?.height ?? ownHeight, asked?.width ?? ownWidth)

        let part = reader[cropKey] ?? 0.875
        guard let share = part.double, share > 0, share <= 10 else { throw reader.fail(cropKey, "a number above 0 and at most 10", part) }
        let scaled = [height, width].map { (Double($0) / share).rounded(.down) }
        guard scaled.allSatisfy({ (1...Double(PreprocessRecipe.largestSide)).contains($0) }) else {
            throw reader.fail(cropKey, "a share that gives 1 to \(PreprocessRecipe.largestSide) pixels a side", part)
        }
        let (scaledHeight, scaledWidth) = (Int(scaled[0]), Int(scaled[1]))

        self.init()
        let interpolation = reader["interpolation"] ?? "bicubic"
        guard let name = interpolation.string, let filter = ResizeFilter(rawValue: name) else {
            throw reader.fail("interpolation", "one of \(ResizeFilter.allCases.map(\.rawValue).joined(separator: ", "))", interpolation)
        }
        self.filter = filter
        let mean = try reader.triple("mean", PreprocessRecipe.imageNetMean)
        self.mean = mean
        deviation = try reader.triple("std", PreprocessRecipe.imageNetDeviation, isDivisor: true)
        var fill: [UInt8] = [0, 0, 0]
        let mode = reader["crop_mode"] ?? "center"
        switch mode.string {
        case "center":
            resize = scaledHeight == scaledWidth ? .shortestEdge(scaledHeight) : .ratio(height: scaledHeight, width: scaledWidth, fits: false)
        case "squash":
            resize = .exact(height: scaledHeight, width: scaledWidth)
        case "border":
            resize = .ratio(height: scaledHeight, width: scaledWidth, fits: true)
            fill = mean.map { UInt8(clamping: Int(max(-1, min(256, (255 * Double($0)).rounded(.toNearestOrEven))))) }
        default:
            throw reader.fail("crop_mode", "center, squash or border", mode)
        }
        crop = Crop(height: height, width: width, rounding: .halfToEven, fill: fill)
    }

    package static let imageNetMean: [Float] = [0.485, 0.456, 0.406]
    package static let imageNetDeviation: [Float] = [0.229, 0.224, 0.225]
}

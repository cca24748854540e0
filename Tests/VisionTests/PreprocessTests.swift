import OpsinModels
import OpsinVision
import Testing

/// Recipes of timm and transformers: geometry, samples before normalising, values.
@Suite struct PreprocessTests {
    /// The exact inputs of the oracle's models, of the photos that ship with the tests.
    @Test func inputsOfTheModelsAreEqual() throws {
        let folder = Oracle.resources + "/preprocess"
        let samples = try FloatTensors(folder + "/samples.safetensors")
        for item in try Oracle.cases(folder + "/cases.json") {
            let name = item["name"]?.string ?? ""
            let recipe = try PreprocessRecipe(config: item["config"] ?? .null, preprocessor: item["preprocessor"].flatMap { $0.isNull ? nil : $0 })
            let input = try recipe.apply(Image(contentsOf: folder + "/" + (item["image"]?.string ?? "")))
            #expect([1, 3, input.height, input.width] == item["shape"]?.array?.compactMap(\.int), "\(name)")
            #expect(difference(input, samples[name], 1024) <= 2e-5, "\(name)")
            #expect(input.channelsFirst[input.width + 1] == input.pixels[(input.width + 1) * 3], "\(name)")
        }
    }

    /// `oracle/vision/preprocess`, whose photos are too many for the repository.
    @Test(.enabled(if: Oracle.shared != nil, "needs shared/oracle beside the checkout")) func everyGoldenIsEqual() throws {
        let folder = (Oracle.shared ?? "") + "/vision/preprocess"
        let file = try Oracle.json(folder + "/cases.json")
        let samples = try FloatTensors(folder + "/samples.safetensors")
        var photos: [String: Image] = [:]
        var checked = 0
        for item in file["cases"]?.array ?? [] {
            let name = item["name"]?.string ?? ""
            let path = item["input"]?.string ?? ""
            var image = try photos[path] ?? Image(contentsOf: folder + "/" + path)
            photos[path] = image
            if let box = item["crop_first"]?.array?.compactMap(\.int), box.count == 4 {
                image = try image.cropped(left: box[0], top: box[1], width: box[2] - box[0], height: box[3] - box[1])
            }
            let recipe = try Self.recipe(file["recipes"]?[item["recipe"]?.string ?? ""] ?? .null)
            let (before, geometry) = try recipe.samples(of: image)
            #expect([image.width, image.height] == item["input_size"]?.array?.compactMap(\.int), "\(name)")
            #expect([geometry.resizedWidth, geometry.resizedHeight] == item["resized"]?.array?.compactMap(\.int), "\(name)")
            let crop = item["crop"]
            #expect(
                [geometry.cropTop, geometry.cropLeft, geometry.cropHeight, geometry.cropWidth]
                    == [crop?["top"], crop?["left"], crop?["height"], crop?["width"]].map { $0?.int },
                "\(name)")
            #expect(sha256(before.pixels) == item["uint8_sha256"]?.string, "\(name)")
            let input = try recipe.apply(image)
            #expect([1, 3, input.height, input.width] == item["pixel_values"]?.array?.compactMap(\.int), "\(name)")
            #expect(difference(input, samples[name], 4096) <= 2e-5, "\(name)")
            checked += 1
        }
        #expect(checked == 80)
    }

    @Test(.enabled(if: Oracle.shared != nil, "needs shared/oracle beside the checkout")) func aBatchIsPaddedAtTheRightAndBottom() throws {
        let folder = (Oracle.shared ?? "") + "/vision/preprocess"
        let file = try Oracle.json(folder + "/cases.json")
        let item = file["batch"]
        let recipe = try Self.recipe(file["recipes"]?[item?["recipe"]?.string ?? ""] ?? .null)
        let batch = try PreprocessedBatch((item?["inputs"]?.array ?? []).map { try recipe.apply(Image(contentsOf: folder + "/" + ($0.string ?? ""))) })
        #expect([2, 3, batch.height, batch.width] == item?["pixel_values"]?.array?.compactMap(\.int))
        #expect(batch.valid.map(\.height) == item?["mask_heights"]?.array?.compactMap(\.int))
        #expect(batch.valid.map(\.width) == item?["mask_widths"]?.array?.compactMap(\.int))
        let expected = try FloatTensors(folder + "/samples.safetensors")["batch.pixel_values"]
        #expect(worst(batch.pixels, images: 2, batch.height * batch.width, expected, 4096) <= 2e-5)
    }

    @Test(arguments: [
        #"{"pretrained_cfg": {"input_size": [3, -5, 224]}}"#, #"{"pretrained_cfg": {"input_size": [3, 224]}}"#,
        #"{"pretrained_cfg": {"input_size": [1, 224, 224]}}"#,
        #"{"pretrained_cfg": {"input_size": [3, 9223372036854775807, 9223372036854775807]}}"#, #"{"pretrained_cfg": {"crop_pct": 1e-308}}"#,
        #"{"pretrained_cfg": {"crop_pct": 0}}"#, #"{"pretrained_cfg": {"crop_pct": "all"}}"#, #"{"pretrained_cfg": {"std": [0, 1, 1]}}"#,
        #"{"pretrained_cfg": {"mean": [1e308, 0, 0]}}"#, #"{"pretrained_cfg": {"mean": [0, 0]}}"#, #"{"pretrained_cfg": {"std": 1e-320}}"#,
        #"{"pretrained_cfg": {"interpolation": "magic"}}"#, #"{"pretrained_cfg": {"crop_mode": 3}}"#, #"{"model_type": "mobilenet_v2"}"#, "[]",
    ]) func hostileTimmConfigsAreErrors(_ text: String) throws {
        let config = try JSON(parsing: text)
        #expect(throws: VisionError.self) { try PreprocessRecipe(config: config, preprocessor: nil) }
    }

    @Test(arguments: [
        #"{"image_processor_type": "WarpImageProcessor"}"#, #"{"image_processor_type": 7}"#, "{}", #"{"size": -1}"#, #"{"size": 1e308}"#, #"{"size": {}}"#,
        #"{"size": [224, 224]}"#,
        #"{"size": {"height": 224}}"#, #"{"size": {"height": 0, "width": 9}}"#, #"{"size": {"shortest_edge": 99999999999}}"#,
        #"{"crop_size": {"height": 2.5, "width": 2}}"#,
        #"{"resample": 9}"#, #"{"rescale_factor": 0}"#, #"{"rescale_factor": 1e308}"#, #"{"do_resize": 1}"#, #"{"image_std": [1, 0, 1]}"#,
        #"{"image_mean": "x"}"#,
    ]) func hostileProcessorConfigsAreErrors(_ text: String) throws {
        var members = try JSON(parsing: text).members ?? []
        if !members.isEmpty, !members.contains(where: { $0.name == "image_processor_type" }) {
            members.append(.init("image_processor_type", "MobileNetV2ImageProcessor"))
        }
        #expect(throws: VisionError.self) { try PreprocessRecipe(transformers: .object(members)) }
    }

    @Test func bothGenerationsOfTransformersAreRead() throws {
        let old: JSON = ["feature_extractor_type": "DeformableDetrFeatureExtractor", "size": 800, "max_size": 1333, "do_normalize": true]
        let new: JSON = ["image_processor_type": "DeformableDetrImageProcessor", "size": ["shortest_edge": 800, "longest_edge": 1333]]
        #expect(try PreprocessRecipe(transformers: old) == PreprocessRecipe(transformers: new))
        let oldMobile: JSON = ["feature_extractor_type": "MobileNetV2FeatureExtractor", "size": 256, "crop_size": 224]
        let newMobile: JSON = [
            "image_processor_type": "MobileNetV2ImageProcessorFast", "size": ["shortest_edge": 256], "crop_size": ["height": 224, "width": 224],
        ]
        #expect(try PreprocessRecipe(transformers: oldMobile) == PreprocessRecipe(transformers: newMobile))
    }

    /// A picture as narrow as a line must end in an answer or an error, and soon.
    @Test(arguments: [(1, 60_000), (60_000, 1), (1, 1), (3, 7_000)]) func narrowPicturesDoNotTrap(_ width: Int, _ height: Int) throws {
        let image = try Image(width: width, height: height, channels: 1, pixels: [UInt8](repeating: 9, count: width * height))
        for type in ["MobileNetV2", "ViT", "DPT", "DeformableDetr", "RTDetr", "MobileViT"] {
            let recipe = try PreprocessRecipe(transformers: ["image_processor_type": .string(type + "ImageProcessor")])
            if let input = try? recipe.apply(image) { #expect(input.pixels.count == input.width * input.height * 3) }
        }
    }

    @Test func pointsMapThereAndBack() throws {
        let recipe = try PreprocessRecipe(timm: ["pretrained_cfg": ["crop_pct": 0.875]])
        let mapping = ImageMapping(try recipe.geometry(width: 640, height: 426))
        let corner = mapping.sourcePoint(x: 0, y: 0)
        #expect(abs(corner.x - 80.0 * 640 / 384) < 1e-3 && abs(corner.y - 16.0 * 426 / 256) < 1e-3)
        let back = mapping.inputPoint(x: corner.x, y: corner.y)
        #expect(abs(back.x) < 1e-3 && abs(back.y) < 1e-3)
    }

    static func recipe(_ item: JSON) throws -> PreprocessRecipe {
        let config = item["config"] ?? .null
        if item["family"]?.string == "timm" { return try PreprocessRecipe(timm: ["pretrained_cfg": config], useTestSize: item["use_test_size"]?.bool ?? false) }
        return try PreprocessRecipe(transformers: config)
    }
}

/// The largest difference from a sample of the flattened NCHW tensor: every stride-th value, stride = max(1, numel / count), the first `count`.
private func difference(_ input: PreprocessedImage, _ sample: [Float], _ count: Int) -> Float {
    worst(input.pixels, images: 1, input.height * input.width, sample, count)
}

private func worst(_ pixels: [Float], images: Int, _ plane: Int, _ sample: [Float], _ count: Int) -> Float {
    let total = images * plane * 3
    let step = max(1, total / count)
    guard pixels.count == total, sample.count == min(count, (total + step - 1) / step) else { return .infinity }
    var largest: Float = 0
    for (index, value) in sample.enumerated() {
        let at = index * step
        let (image, channel, pixel) = (at / (3 * plane), at / plane % 3, at % plane)
        largest = max(largest, abs(pixels[(image * plane + pixel) * 3 + channel] - value))
    }
    return largest
}

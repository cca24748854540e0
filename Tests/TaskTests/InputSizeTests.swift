import Opsin
import OpsinModels
import OpsinVision
import Testing

/// Inputs of other rows and columns than the recipe's.
@Suite struct InputSizeTests {
    private struct Golden {
        let json: JSON
        var height: Int { json["height"]?.int ?? 0 }
        var width: Int { json["width"]?.int ?? 0 }
        var shape: [Int] { json["shape"]?.array?.compactMap(\.int) ?? [] }
        var values: [Double] { json["values"]?.array?.compactMap(\.double) ?? [] }
    }

    /// Scripts/input_size_goldens.py made it with PyTorch.
    private static func golden(_ task: VisionTask) throws -> Golden {
        let bytes = try OpsinVision.File.read(Files.root + "/Tests/Resources/input_sizes.json")
        let json = try JSON(parsing: bytes.span)
        return Golden(json: try #require(json.array?.first { $0["task"]?.string == task.rawValue }))
    }

    private static func session(_ task: VisionTask, _ height: Int, _ width: Int) throws -> Session {
        var runtime = Runtime.Options()
        runtime.device = .cpu
        var options = Session.Options()
        (options.inputHeight, options.inputWidth, options.threads) = (height, width, 2)
        return try Session(Model(Runtime(runtime), path: Files.model(task)), options)
    }

    /// From a photo to the numbers before the answer, preprocessing included.
    @Test(arguments: [VisionTask.classify, .segment]) func aPhotoGivesWhatPyTorchGives(task: VisionTask) throws {
        let golden = try Self.golden(task), session = try Self.session(task, golden.height, golden.width)
        let result = try session.run(Image(path: Files.root + "/Examples/images/cat.jpg"))
        Self.expect(try #require(result.tensors.first { $0.name == "logits" }), golden)
        if task == .classify { #expect(result.classes.first?.label == "Egyptian cat") }
    }

    @Test func aPatternGivesWhatPyTorchGives() throws {
        let golden = try Self.golden(.depth), session = try Self.session(.depth, golden.height, golden.width)
        let count = 3 * golden.height * golden.width
        let values = (0..<count).map { (index: Int) -> Float in
            let a = Float(index % 97) / 48.5 - 1, b = Float(index % 331) / 165.5 - 1
            return 0.7 * a - 0.3 * b
        }
        let input = try Tensor(name: "pixel_values", dimensions: [1, 3, golden.height, golden.width], values: values)
        Self.expect(try #require(try session.run(tensors: [input]).outputs.first), golden)
    }

    private static func expect(_ tensor: Tensor, _ golden: Golden) {
        #expect(tensor.dimensions == golden.shape)
        let step = golden.json["step"]?.int ?? 1, found = stride(from: 0, to: tensor.values.count, by: step).map { Double(tensor.values[$0]) }
        #expect(found.count == golden.values.count && found.count >= 256)
        let largest = golden.values.map(abs).max() ?? 0
        let worst = zip(found, golden.values).map { (a: Double, b: Double) -> Double in abs(a - b) }.max() ?? .infinity
        #expect(worst <= 1e-4 * largest, "off by \(worst / largest) of the largest value")
    }

    /// A detector's boxes are the photo's whatever its input is; the session's own size is what is warmed up.
    @Test func boxesAreThePhotos() throws {
        let session = try Self.session(.detect, 256, 416)
        try session.warmUp()
        let result = try session.run(Image(path: Files.root + "/Examples/images/cat.jpg"))
        let cat = try #require(result.detections.first)
        #expect(cat.label == "cat" && cat.box.x1 <= 451 && cat.box.y1 <= 300 && cat.box.x1 > 350)
    }

    @Test func aSizeThatDoesNotFitIsRefused() throws {
        #expect(code { try Self.session(.classify, 0, 224) } == .argument)
        #expect(code { try Self.session(.classify, 8193, 224) } == .argument)
        #expect(code { try Self.session(.classify, -1, -1) } == .argument)
        do {
            _ = try Self.session(.detect, 320, 321)
            Issue.record("DEIMv2 took 320x321")
        } catch {
            #expect("\(error)".contains("320x321, expected multiples of 32"))
        }
    }

    /// timm's `create_transform(input_size=...)` and transformers' `size=`; MobileNetV2's recipes.
    @Test func recipesFollowTheSize() throws {
        let timm: JSON = ["architecture": "mobilenetv2_100", "pretrained_cfg": ["input_size": [3, 256, 256], "crop_pct": 0.95]]
        func recipe(_ config: JSON, _ preprocessor: JSON?, _ height: Int, _ width: Int) throws -> PreprocessRecipe {
            try PreprocessRecipe(config: config, preprocessor: preprocessor, size: PreprocessRecipe.Size(height: height, width: width))
        }
        // floor(288 / 0.95) and floor(160 / 0.95); not square: both sides are covered.
        let square = try recipe(timm, nil, 288, 288), oblong = try recipe(timm, nil, 288, 160)
        #expect(square.resize == .shortestEdge(303) && square.crop?.height == 288)
        #expect(oblong.resize == .ratio(height: 303, width: 168, fits: false) && oblong.crop?.width == 160)
        let hf: JSON = ["image_processor_type": "MobileNetV2ImageProcessor", "size": ["shortest_edge": 256], "crop_size": ["height": 224, "width": 224]]
        #expect(try recipe([:], hf, 160, 160).resize == .shortestEdge(183))
        #expect(try recipe([:], hf, 112, 224).resize == .ratio(height: 128, width: 256, fits: false))
        let dpt: JSON = [
            "image_processor_type": "DPTImageProcessor", "size": ["height": 518, "width": 518], "keep_aspect_ratio": true, "ensure_multiple_of": 14,
        ]
        #expect(try recipe([:], dpt, 252, 336).resize == .multiple(height: 252, width: 336, of: 14, keepsAspectRatio: true))
        let detr: JSON = ["image_processor_type": "DeformableDetrImageProcessor"]
        #expect(try recipe([:], detr, 480, 640).resize == .shortestAndLongest(shortest: 480, longest: 640))
        let padded = try recipe([:], ["image_processor_type": "RTDetrImageProcessor", "do_pad": true, "pad_size": ["height": 640, "width": 640]], 320, 416)
        #expect(padded.resize == .exact(height: 320, width: 416) && padded.padSize?.width == 416)
    }
}

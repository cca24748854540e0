import Foundation
import Opsin
import OpsinCPU
import OpsinGraph
import OpsinModels
import OpsinVision
import Testing

/// The masks of the model that ships, on the photos that ship, against transformers': `Scripts/segmentation_masks.py` made them. Where both of a pixel's best
/// logits are nearly equal rounding decides, hence 99.9 % in fp32 and 99.5 % in fp16.
@Suite(.serialized)
struct MaskGoldenTests {
    static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    static let photos = ["astronaut", "cat", "coffee", "rocket"]
    static let hasVulkan = Device.all().contains { $0.kind == .vulkan }

    enum Recipe: String, CaseIterable, Sendable { case squash, crop }

    /// The model under the folder's own recipe, or under the one that Google published: shorter side 545, the middle 513 x 513.
    static func model(_ recipe: Recipe, _ options: Runtime.Options = Runtime.Options()) throws -> Model {
        let shipped = root + "/Models/deeplabv3_mobilenet_v2_1.0_513"
        if recipe == .squash { return try Model(Runtime(options), path: shipped) }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("opsin-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.createSymbolicLink(atPath: folder + "/" + name, withDestinationPath: shipped + "/" + name)
        }
        let config =
            #"{"image_processor_type": "MobileNetV2ImageProcessor", "size": {"shortest_edge": 545}, "resample": 2, "do_center_crop": true, "#
            + #""crop_size": {"height": 513, "width": 513}, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}"#
        try config.write(toFile: folder + "/preprocessor_config.json", atomically: true, encoding: .utf8)
        return try Model(Runtime(options), path: folder)
    }

    static func photo(_ name: String) throws -> Opsin.Image { try Opsin.Image(path: root + "/Examples/images/\(name).jpg") }

    /// `labels` against the stored mask, whose 255 is outside.
    static func check(_ labels: [UInt16], _ photo: String, _ recipe: Recipe, least: Double, _ what: String) throws {
        let golden = try OpsinVision.Image(contentsOf: root + "/Tests/Resources/masks/\(photo).\(recipe.rawValue).png")
        #expect(golden.channels == 1 && golden.pixels.count == labels.count)
        let equal = zip(golden.pixels, labels).count { $0 == 255 ? $1 == LabelMask.outside : UInt16($0) == $1 }
        let share = Double(equal) / Double(labels.count)
        #expect(share >= least, "\(photo) \(recipe.rawValue) \(what): \(share * 100) % of the pixels are transformers'")
    }

    @Test(arguments: ISA.available, Recipe.allCases)
    func everyInstructionSet(_ isa: ISA, _ recipe: Recipe) throws {
        let model = try Self.model(recipe), graph = try model.network.graph(batch: 1, height: 513, width: 513).optimized()
        let plan = try CPUPlan(graph, team: CPUTeam(threads: 2), weights: PackedWeights(), isa: isa)
        let shape = plan.outputs[0].value.shape, cells = shape.h * shape.w
        for name in Self.photos {
            let input = try model.recipe(.model).apply(Self.photo(name).pixels), values = try plan.run([input.pixels])[0]
            let mask = try LabelMask(
                logits: values.indices.map { values[$0 % cells * shape.c + $0 / cells] }, classes: shape.c, rows: shape.h, columns: shape.w,
                mapping: ImageMapping(input.geometry), isa: isa.c)
            try Self.check(mask.labels, name, recipe, least: 0.999, isa.rawValue)
        }
    }

    /// Eight bits of precision are few for this network: PyTorch's own bf16 has 96.2 % of the fp32 mask on the coffee photo, and 99.3 % to 100 % elsewhere.
    @Test(.enabled(if: ISA.available.contains(.avx512), "bf16 needs AVX-512 with BF16"), arguments: Recipe.allCases)
    func bfloat16(_ recipe: Recipe) throws { try check(recipe, .bf16, least: 0.98) }

    @Test(.enabled(if: hasVulkan, "no Vulkan device is here"), arguments: Recipe.allCases)
    func vulkan(_ recipe: Recipe) throws { try check(recipe, .fp32, least: 0.999, on: .vulkan) }

    @Test(.enabled(if: hasVulkan, "no Vulkan device is here"))
    func float16OnVulkan() throws { try check(.squash, .fp16, least: 0.995, on: .vulkan) }

    /// Whole sessions, masks made on the device where there is one. A device without that precision says so, and has nothing to compare.
    func check(_ recipe: Recipe, _ precision: Precision, least: Double, on device: DeviceSelection? = nil) throws {
        var runtime = Runtime.Options(), options = Session.Options()
        runtime.device = device ?? .cpu
        options.precision = precision
        options.threads = 2
        options.settings.postprocessing = .device
        let session: Session
        do {
            session = try Session(Self.model(recipe, runtime), options)
        } catch let error as OpsinError where error.code == .unsupported {
            return
        }
        for name in Self.photos {
            let result = try session.run(Self.photo(name))
            #expect(result.report.postprocessing == (device == nil ? .cpu : .vulkan))
            try Self.check(try #require(result.segmentation).labelIDs, name, recipe, least: least, precision.rawValue)
        }
    }
}

import Opsin
import OpsinGraph
import OpsinModels
import OpsinVision
import OpsinVulkan
import Testing

/// Masks as kernels behind a plan against the CPU's, whose own tests hold them against PyTorch: the same labels.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct MaskOnVulkanTests {
    static let device = Result {
        var options = DeviceOptions()
        options.timeoutMilliseconds = 120_000
        return try VulkanHere.device(options)
    }

    /// Noise that is the same on every machine, `[classes, cells]`: the larger `rough`, the more labels change from cell to cell.
    func noise(_ classes: Int, _ cells: Int, rough: Float) -> [Float] {
        var state: UInt64 = 11
        return (0..<classes * cells).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Float(state >> 40) * 0x1p-22 - 2) * rough + (index / cells == index % cells / 5 % classes ? 1 : 0)
        }
    }

    /// A plan that hands its input on as `logits`.
    func plan(_ classes: Int, _ rows: Int, _ columns: Int, _ storage: Storage) throws -> VulkanPlan {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: rows, w: columns, c: classes))
        graph.output("logits", try graph.append(.activation(Activation(.identity)), [x], name: "logits"), layout: .nchw)
        return try VulkanPlan(graph, on: Self.device.get(), storage: storage)
    }

    func agree(
        _ mappings: [ImageMapping], classes: Int, rows: Int, columns: Int, storage: Storage = .f32, confidence: Bool = false, rough: Float = 1
    ) throws {
        let plan = try plan(classes, rows, columns, storage), stage = try MaskStage(plan, output: 0), cells = rows * columns
        let logits = noise(classes, cells, rough: rough).map { storage == .f32 ? $0 : Float(Float16($0)) }
        let pixelsLast = (0..<cells * classes).map { logits[$0 % classes * cells + $0 / classes] }
        for mapping in mappings {
            let want = try LabelMask(logits: logits, classes: classes, rows: rows, columns: columns, mapping: mapping, wanted: .init(confidence: confidence))
            let places = try LabelMask.places(mapping, rows: rows, columns: columns)
            let list = try stage.prepare(
                rows: MaskStage.Axis(places: places.rows.values, seen: places.rows.seen),
                columns: MaskStage.Axis(places: places.columns.values, seen: places.columns.seen), confidence: confidence)
            #expect(try plan.run([pixelsLast], after: list, reads: [])[0].isEmpty)
            let (labels, shares) = try stage.read()
            let got = try LabelMask(labels: labels, confidence: shares, classes: classes, mapping: mapping)
            let off = zip(got.labels, want.labels).count { $0 != $1 }
            #expect(got.labels.count == want.labels.count && off == 0, "\(off) of \(want.labels.count) pixels differ: \(mapping)")
            #expect(got.counts == want.counts && (got.confidence != nil) == confidence)
            for (a, b) in zip(got.confidence ?? [], want.confidence ?? []) where abs(a - b) > 1e-5 { Issue.record("confidence \(a), expected \(b)") }
        }
    }

    /// The whole picture over the whole input, odd sizes and ends of words; both recipes of the model that ships, and the whole photo.
    func mappings(_ width: Int, _ height: Int) throws -> [ImageMapping] {
        func recipe(_ size: JSON, crop: Bool) throws -> PreprocessRecipe {
            try PreprocessRecipe(transformers: [
                "image_processor_type": "MobileNetV2ImageProcessor", "size": size, "do_center_crop": .bool(crop), "crop_size": ["height": 513, "width": 513],
            ])
        }
        let squash = try recipe(["height": 513, "width": 513], crop: false), crop = try recipe(["shortest_edge": 545], crop: true)
        return try [squash, crop, squash.whole].map { ImageMapping(try $0.geometry(width: width, height: height)) }
    }

    @Test func everyLabelIsTheCPUs() throws {
        let sizes = [(451, 300), (97, 131), (301, 211)]
        for (classes, rows, columns) in [(21, 33, 33), (21, 65, 65), (2, 9, 7), (150, 12, 12), (5, 1, 1)] {
            try agree(try sizes.flatMap { try mappings($0.0, $0.1) }, classes: classes, rows: rows, columns: columns, rough: classes == 21 ? 0.3 : 1)
        }
        let odd = try ImageMapping(
            imageWidth: 33, imageHeight: 17, inputWidth: 64, inputHeight: 64, source: .init(x: 3, y: 2, width: 14, height: 9),
            target: .init(x: 0, y: 0, width: 64, height: 64))
        let one = try ImageMapping(imageWidth: 1, imageHeight: 1, inputWidth: 64, inputHeight: 64)
        try agree([odd, one], classes: 7, rows: 5, columns: 6)
        if try Self.device.get().features.fp16 { try agree(try mappings(201, 99), classes: 21, rows: 17, columns: 17, storage: .f16) }
    }

    @Test func confidenceIsTheCPUs() throws {
        for classes in [1, 3, 21] { try agree(try mappings(121, 90), classes: classes, rows: 9, columns: 8, confidence: true) }
    }

    @Test func equalLogitsGiveTheLowestLabel() throws {
        let plan = try plan(9, 2, 2, .f32), stage = try MaskStage(plan, output: 0)
        let mapping = try ImageMapping(imageWidth: 7, imageHeight: 5, inputWidth: 64, inputHeight: 64)
        let places = try LabelMask.places(mapping, rows: 2, columns: 2)
        let list = try stage.prepare(
            rows: MaskStage.Axis(places: places.rows.values, seen: places.rows.seen),
            columns: MaskStage.Axis(places: places.columns.values, seen: places.columns.seen), confidence: false)
        _ = try plan.run([(0..<36).map { [3, 5, 8].contains($0 % 9) ? 2 : -1 }], after: list, reads: [])
        #expect(try stage.read().labels == [UInt16](repeating: 3, count: 35))
    }
}

extension MaskOnVulkanTests {
    /// The folder of the package.
    static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

    /// Sessions with the model that ships: the place in the report, the CPU's labels of the same logits, and what is the CPU's all the same.
    @Test func aSessionMakesMasksOnTheDevice() throws {
        let session = try session { $0.settings.postprocessing = .device }
        for (name, edit) in [
            ("cat", { _ in }), ("rocket", { ($0.fit, $0.wantsConfidence) = (.whole, true) }), ("cat", { $0.wantsProbabilities = true }),
        ] as [(String, (inout TaskOptions) -> Void)] {
            var options = TaskOptions()
            edit(&options)
            let image = try Opsin.Image(path: Self.root + "/Examples/images/\(name).jpg")
            let result = try session.run(image, options), mask = try #require(result.segmentation)
            #expect(result.report.postprocessing == (options.wantsProbabilities ? .cpu : .vulkan))
            #expect(result.report.fallbacks.map(\.what) == (options.wantsProbabilities ? ["mask"] : []))
            let mapping = ImageMapping(try session.model.recipe(options.fit).geometry(of: image.pixels))
            let host = try #require(try session.postprocess(result.tensors, mapping, options).segmentation)
            let off = zip(mask.labelIDs, host.labelIDs).count { $0 != $1 }
            #expect(off == 0 && mask.labelIDs.count == host.labelIDs.count, "\(name): \(off) pixels differ")
            #expect(mask.segments == host.segments && mask.confidence?.count == host.confidence?.count)
            #expect(result.timings.run > 0 && result.timings.postprocess > 0)
        }
    }

    /// A mask above the device's buffers is the CPU's, with the reason; so is one that nobody asked the device for.
    @Test func theCPUTakesOverWhereItMust() throws {
        let image = try Opsin.Image(width: 4096, height: 3000, channels: 1, pixels: [UInt8](repeating: 9, count: 4096 * 3000))
        let session = try session({ $0.settings.postprocessing = .device }) { $0.maximumStorageRange = 16 << 20 }
        let result = try session.run(image)
        #expect(result.report.postprocessing == .cpu && result.segmentation?.labelIDs.count == 4096 * 3000)
        #expect(result.report.fallbacks.last?.reason == "a mask of 4096 x 3000 pixels at 2 bytes is above the device's 16777216 bytes a buffer")
        try session.adjust { $0.postprocessing = .cpu }
        let second = try session.run(image)
        #expect(second.report.postprocessing == .cpu && second.report.fallbacks == result.report.fallbacks.dropLast())
        #expect(second.segmentation == result.segmentation)
    }

    private func session(_ edit: (inout Session.Options) -> Void, device: (inout DeviceOptions) -> Void = { _ in }) throws -> Session {
        var vulkan = Runtime.Vulkan(), options = Runtime.Options(), sessionOptions = Session.Options()
        vulkan.options = DeviceOptions()
        vulkan.options.timeoutMilliseconds = 120_000
        device(&vulkan.options)
        options.device = .vulkan
        edit(&sessionOptions)
        return try Session(Model(Runtime(options, vulkan: vulkan), path: Self.root + "/Models/deeplabv3_mobilenet_v2_1.0_513"), sessionOptions)
    }
}

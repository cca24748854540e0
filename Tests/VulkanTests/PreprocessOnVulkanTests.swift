import Opsin
import OpsinGraph
import OpsinModels
import OpsinVision
import OpsinVulkan
import Testing

/// Preprocessing as kernels against the CPU's, whose own tests hold it against Pillow and the reference implementations: the same bits.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct PreprocessOnVulkanTests {
    static let device = Result {
        var options = DeviceOptions()
        options.timeoutMilliseconds = 120_000
        return try VulkanHere.device(options)
    }

    /// Noise with large smooth parts and hard edges, so that filters with negative lobes clip at both ends.
    func image(_ width: Int, _ height: Int, channels: Int) throws -> OpsinVision.Image {
        var state: UInt32 = 12345
        var pixels = [UInt8](repeating: 0, count: width * height * channels)
        for index in pixels.indices {
            state = state &* 1_664_525 &+ 1_013_904_223
            let x = index / channels % width
            pixels[index] = x / 7 % 3 == 0 ? UInt8(state >> 24) : x / 7 % 3 == 1 ? 255 : 0
        }
        return try OpsinVision.Image(width: width, height: height, channels: channels, pixels: pixels)
    }

    /// A plan that hands its input on.
    func plan(_ height: Int, _ width: Int, _ storage: Storage) throws -> VulkanPlan {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: height, w: width, c: 3))
        graph.output("y", try graph.append(.activation(Activation(.identity)), [x], name: "y"), layout: .nhwc)
        return try VulkanPlan(graph, on: Self.device.get(), storage: storage)
    }

    func agree(_ recipe: PreprocessRecipe, _ sizes: [(Int, Int)], channels: Int = 3, storage: Storage = .f32) throws {
        var known: (plan: VulkanPlan, preprocessor: ImagePreprocessor, height: Int, width: Int)?
        for (width, height) in sizes {
            let image = try image(width, height, channels: channels)
            let want = try recipe.apply(image)
            if known?.height != want.height || known?.width != want.width {
                let plan = try plan(want.height, want.width, storage)
                known = (plan, try ImagePreprocessor(plan, input: 0), want.height, want.width)
            }
            let (plan, preprocessor, _, _) = try #require(known)
            let program = try recipe.program(width: width, height: height, channels: channels)
            let stage = try preprocessor.prepare(image.pixels, width: width, height: height, channels: channels) { () throws(VulkanError) in program }
            let got = try plan.run([nil], before: stage)[0]
            let expected = storage == .f32 ? want.pixels : want.pixels.map { Float(Float16($0)) }
            #expect(Set(expected).count > 2)
            let worst = expected.indices.first { got[$0] != expected[$0] }
            if let worst { Issue.record("\(width)x\(height): value \(worst) is \(got[worst]), expected \(expected[worst]): \(recipe)") }
        }
    }

    func recipe(_ edit: (inout PreprocessRecipe) -> Void) -> PreprocessRecipe {
        var recipe = PreprocessRecipe()
        (recipe.mean, recipe.deviation) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        edit(&recipe)
        return recipe
    }

    /// Shrinks, grows, vertically first (tall) and horizontally first, one axis alone, none.
    static let sizes = [(97, 61), (31, 240), (300, 40), (32, 24), (32, 90), (11, 24), (9, 7)]

    @Test(arguments: [ResizeFilter.nearest, .box, .bilinear, .bicubic, .lanczos])
    func everyFilter(_ filter: ResizeFilter) throws {
        let recipe = recipe {
            $0.resize = .exact(height: 24, width: 32)
            $0.filter = filter
        }
        try agree(recipe, Self.sizes)
    }

    @Test func shortestEdgeAndCrop() throws {
        for rounding in [PreprocessRecipe.Crop.Rounding.halfToEven, .down] {
            let recipe = recipe {
                $0.resize = .shortestEdge(29)
                $0.filter = .bilinear
                $0.crop = PreprocessRecipe.Crop(height: 24, width: 23, rounding: rounding, fill: [0, 0, 0])
            }
            try agree(recipe, Self.sizes)
        }
    }

    /// A crop larger than the image, filled with a colour; the whole image without a resize.
    @Test func cropsBeyondTheImage() throws {
        let recipe = recipe {
            $0.crop = PreprocessRecipe.Crop(height: 50, width: 64, rounding: .halfToEven, fill: [124, 3, 250])
            $0.rescale = .times(1 / 127.5)
        }
        try agree(recipe, Self.sizes)
    }

    @Test func paddingToMultiplesAndSizes() throws {
        try agree(
            recipe {
                $0.resize = .multiple(height: 40, width: 40, of: 8, keepsAspectRatio: true)
                $0.padMultiple = 14
            }, [(97, 61), (40, 52)])
        try agree(
            recipe {
                $0.resize = .shortestAndLongest(shortest: 30, longest: 50)
                $0.padSize = PreprocessRecipe.PadSize(height: 64, width: 60)
            }, [(97, 61), (50, 31)])
    }

    @Test func grayImagesAndSwappedChannels() throws {
        let gray = recipe { $0.resize = .exact(height: 24, width: 32) }
        try agree(gray, [(97, 61), (33, 9)], channels: 1)
        try agree(
            recipe {
                $0.resize = .exact(height: 24, width: 32)
                $0.swapsChannels = true
                $0.crop = PreprocessRecipe.Crop(height: 40, width: 40, rounding: .down, fill: [9, 80, 200])
            }, [(97, 61)])
        if try Self.device.get().features.fp16 { try agree(gray, [(97, 61), (33, 9)], storage: .f16) }
    }

    /// Whole sessions: the same answer to the bit, the place in the report, and sizes that come and go.
    @Test func aSessionPreprocessesOnTheDevice() throws {
        var vulkan = Runtime.Vulkan(), options = Runtime.Options(), sessionOptions = Session.Options()
        vulkan.options = DeviceOptions()
        vulkan.options.timeoutMilliseconds = 120_000
        options.device = .vulkan
        let model = try Model(Runtime(options, vulkan: vulkan), path: MixedPlanTests.model)
        sessionOptions.settings.preprocessing = .cpu
        let host = try Session(model, sessionOptions)
        sessionOptions.settings.preprocessing = .device
        sessionOptions.measuresOps = true
        let device = try Session(model, sessionOptions)
        for (width, height, channels) in [(320, 240, 3), (97, 301, 1), (320, 240, 3)] {
            let image = try Opsin.Image(image(width, height, channels: channels))
            let want = try host.run(image), got = try device.run(image)
            #expect(want.report.preprocessing == .cpu && got.report.preprocessing == .vulkan)
            #expect(got.tensors.first { $0.name == "logits" }?.values == want.tensors.first { $0.name == "logits" }?.values)
            #expect(got.timings.preprocess > 0 && got.timings.run > 0)
        }
        #expect(device.measuredOps()?.runs == 3)
    }

    /// Where the first op is the CPU's, so is preprocessing; the environment's word is read where nothing else is said.
    @Test func theCPUTakesOverWhereItMust() throws {
        var vulkan = Runtime.Vulkan(), options = Runtime.Options(), sessionOptions = Session.Options()
        vulkan.options = DeviceOptions()
        (vulkan.options.timeoutMilliseconds, vulkan.options.refused) = (120_000, ["Conv2D"])
        options.device = .vulkan
        sessionOptions.settings.preprocessing = .device
        let session = try Session(Model(Runtime(options, vulkan: vulkan), path: MixedPlanTests.model), sessionOptions)
        let result = try session.run(Opsin.Image(image(64, 48, channels: 3)))
        #expect(result.report.preprocessing == .cpu && !result.report.fallbacks.isEmpty)
        // A later op of the CPU's changes nothing for the image.
        vulkan.options.refused = ["GlobalAveragePool"]
        let mixed = try Session(Model(Runtime(options, vulkan: vulkan), path: MixedPlanTests.model), sessionOptions)
        let second = try mixed.run(Opsin.Image(image(64, 48, channels: 3)))
        #expect(second.report.preprocessing == .vulkan && second.report.fallbacks.count == 1)
        let (a, b) = (try #require(result.tensors.first).values, try #require(second.tensors.first).values)
        let largest = a.map { abs($0) }.max() ?? 0
        #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
    }
}

import OpsinCPU
import OpsinGraph
import OpsinVulkan
import Testing

/// The product kernels that only GPUs choose, forced onto the device that is here, against the CPU backend.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct ProductKernelTests {
    let ops = OpsOnVulkanTests()

    /// The device that is here with `product` for every product.
    func device(_ product: ProductKernel) throws -> Device {
        var options = DeviceOptions(), traits = try OpsOnVulkanTests.device.get().traits
        traits.product = product
        (options.timeoutMilliseconds, options.traits) = (120_000, traits)
        return try VulkanHere.device(options)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var images = 1
        var side: Int
        var kernel = 1
        var stride = 1
        var dilation = 1
        var inputs: Int
        var outputs: Int
        var epilogue = Epilogue()
        var gated = false

        var testDescription: String { "\(images)x\(side)x\(side + 2)x\(inputs) to \(outputs), \(kernel)/\(stride)/\(dilation)\(gated ? ", gated" : "")" }
    }

    func agree(_ s: Case, _ kernel: ProductKernel, _ storages: [Storage] = Storage.allCases) throws {
        let reach = s.dilation * (s.kernel - 1) / 2
        let window = try SlidingWindow(
            s.kernel, stride: s.stride, dilation: s.dilation, padding: Padding(top: reach, left: reach, bottom: reach, right: reach))
        let filter = try ops.filter([s.outputs, s.inputs, s.kernel, s.kernel], bias: s.outputs)
        var op = try Conv2D(window: window, inputChannels: s.inputs, outputChannels: s.outputs, filter: filter)
        let x = try Shape(n: s.images, h: s.side, w: s.side + 2, c: s.inputs), y = try op.outputShape(of: [x])
        op.epilogue = s.epilogue
        op.hasGate = s.gated
        let inputs = [x] + (s.gated ? [try x.with(h: 1, w: 1)] : []) + (s.epilogue.residual == .none ? [] : [y])
        let device = try device(kernel)
        try ops.agree(.conv2D(op), inputs, in: storages, on: .success(device))
    }

    static let odd = [
        Case(side: 1, inputs: 1000, outputs: 17), Case(images: 8, side: 3, inputs: 1, outputs: 3, epilogue: Epilogue(activation: .relu)),
        Case(images: 2, side: 9, kernel: 3, stride: 2, inputs: 3, outputs: 40, epilogue: Epilogue(activation: .hardSwish)),
        Case(images: 3, side: 8, kernel: 3, dilation: 2, inputs: 17, outputs: 100, epilogue: Epilogue(residual: .afterActivation)),
        Case(images: 2, side: 7, inputs: 72, outputs: 65, epilogue: Epilogue(activation: .silu, residual: .beforeActivation), gated: true),
        Case(images: 2, side: 4, inputs: 7, outputs: 1000, gated: true),
    ]

    @Test(arguments: odd)
    func smallTiles(_ s: Case) throws { try agree(s, .tiled(s.images > 1 ? .w32h32 : .w8h32, splits: 1)) }

    /// Few shapes: llvmpipe takes seconds to compile each.
    @Test(arguments: [Conv2dTiledShader.Tile.w64h64, .w128h64], odd[2...3])
    func largeTiles(_ tile: Conv2dTiledShader.Tile, _ s: Case) throws { try agree(s, .tiled(tile, splits: 1)) }

    /// Splits that divide the depth, that do not, and more of them than there are stages.
    @Test(arguments: zip(odd, [(Conv2dTiledShader.Tile.w8h32, 5), (.w32h32, 2), (.w8h32, 2), (.w32h32, 3), (.w32h32, 4), (.w8h32, 7)]))
    func splitDepth(_ s: Case, _ kernel: (Conv2dTiledShader.Tile, Int)) throws { try agree(s, .tiled(kernel.0, splits: kernel.1)) }

    /// The cooperative-matrix kernel with its matrices in plain GLSL: all but the matrix instructions themselves, which no device here has.
    @Test(.enabled(if: OpsOnVulkanTests.hasFP16, "the device has no fp16"), arguments: zip(odd, [1, 1, 2, 1, 1, 3]))
    func matrices(_ s: Case, splits: Int) throws { try agree(s, .matrices(.emulated, splits: splits), [.f16]) }

    /// Global and windowed attention with emulated matrices: `(images, height, width, window's height, width, heads, headSize)`; the window nil is global.
    @Test(
        .enabled(if: OpsOnVulkanTests.hasFP16, "the device has no fp16"),
        arguments: [(2, 7, 10, 7, 5, 2, 16), (1, 16, 8, 8, 8, 2, 32), (3, 1, 45, 0, 0, 1, 48), (1, 10, 5, 5, 5, 1, 64)])
    func attentionOfMatrices(_ s: (Int, Int, Int, Int, Int, Int, Int)) throws {
        let (images, height, width, windowHeight, windowWidth, heads, headSize) = s, scale = 1 / Float(headSize).squareRoot()
        var options = DeviceOptions(), traits = try OpsOnVulkanTests.device.get().traits
        traits.matrices = .emulated
        (options.timeoutMilliseconds, options.traits) = (120_000, traits)
        let device = try VulkanHere.device(options), x = try Shape(n: images, h: height, w: width, c: heads * headSize)
        guard windowHeight > 0 else {
            let keys = try Shape(n: images, h: 1, w: 33, c: headSize)
            return try ops.agree(.attention(Attention(heads: heads, keyValueHeads: 1, scale: scale)), [x, keys, keys], in: [.f16], on: .success(device))
        }
        let bias = ops.numbers(heads * (2 * windowHeight - 1) * (2 * windowWidth - 1), seed: 9)
        let op = try WindowedAttention(heads: heads, windowHeight: windowHeight, windowWidth: windowWidth, scale: scale, positionBias: bias)
        for (factor, op) in [(Float(1), op), (15_000, try WindowedAttention(heads: heads, windowHeight: windowHeight, windowWidth: windowWidth, scale: 1e-9))] {
            let graph = try ops.graph(.windowedAttention(op), [x, x, x])
            #expect(try VulkanPlan(graph, on: device, storage: .f16).reports.map(\.kernel).allSatisfy { $0.hasPrefix("attention_coopmat") })
            try ops.agree(.windowedAttention(op), [x, x, x], scale: factor, in: [.f16], on: .success(device))
        }
    }

    /// `(images, side, kernel, stride, dilation, channels, outputs)` of a depthwise convolution and the pointwise one behind it, in one dispatch.
    @Test(arguments: [(1, 1, 3, 1, 1, 3, 1), (2, 9, 3, 2, 1, 17, 24), (1, 12, 5, 1, 1, 40, 64), (3, 8, 3, 1, 2, 130, 33)], [1, 300])
    func depthwiseThenPointwise(_ s: (Int, Int, Int, Int, Int, Int, Int), workgroups: Int) throws {
        let (images, side, kernel, stride, dilation, channels, outputs) = s, reach = dilation * (kernel - 1) / 2
        let window = try SlidingWindow(
            kernel, stride: stride, dilation: dilation, padding: Padding(top: reach, left: reach, bottom: reach, right: reach))
        let depthwise = try DepthwiseConv2D(
            window: window, channels: channels, filter: ops.filter([channels, 1, kernel, kernel], bias: channels), epilogue: Epilogue(activation: .relu6))
        let pointwise = try Conv2D(
            window: SlidingWindow(1), inputChannels: channels, outputChannels: outputs, filter: ops.filter([outputs, channels, 1, 1], bias: outputs, seed: 12),
            epilogue: Epilogue(activation: .identity, residual: .afterActivation))
        let x = try Shape(n: images, h: side, w: side + 1, c: channels), y = try depthwise.outputShape(of: [x]).with(c: outputs)
        var options = DeviceOptions(), traits = try OpsOnVulkanTests.device.get().traits
        (traits.tilesProducts, traits.workgroups) = (true, workgroups)
        (options.timeoutMilliseconds, options.traits) = (120_000, traits)
        let device = try VulkanHere.device(options)
        try ops.agree(.depthwisePointwise(DepthwisePointwise(depthwise: depthwise, pointwise: pointwise)), [x, y], on: .success(device))
    }

    /// A map that is too large for one workgroup is summed up in parts, whose number need not divide its pixels.
    @Test(arguments: [(2, 57, 33), (1, 30, 128)])
    func squeezeExcitationInParts(_ s: (Int, Int, Int)) throws {
        let (images, side, channels) = s
        func layer(_ inputs: Int, _ outputs: Int, _ activation: ActivationFunction) throws -> Conv2D {
            try Conv2D(
                window: SlidingWindow(1), inputChannels: inputs, outputChannels: outputs, filter: ops.filter([outputs, inputs, 1, 1], bias: outputs),
                epilogue: Epilogue(activation: activation))
        }
        let op = try SqueezeExcitation(reduce: layer(channels, 5, .silu), expand: layer(5, channels, .sigmoid))
        var options = DeviceOptions(), traits = try OpsOnVulkanTests.device.get().traits
        traits.isProcessor = false
        (options.timeoutMilliseconds, options.traits) = (120_000, traits)
        let device = try VulkanHere.device(options), x = try Shape(n: images, h: side, w: side + 1, c: channels)
        let plan = try VulkanPlan(ops.graph(.squeezeExcitation(op), [x]), on: device)
        #expect(plan.dispatchCount == 1 && plan.reports[0].kernel.contains("summed=together"), "\(plan.reports[0].kernel)")
        try ops.agree(.squeezeExcitation(op), [x], on: .success(device))
    }

    /// A small network as a GPU runs it: tiles, a split depth, depthwise and pointwise as one.
    @Test func aNetworkByAGPUsKernels() throws {
        func conv(_ inputs: Int, _ outputs: Int, kernel: Int = 1, stride: Int = 1) throws -> Op {
            let window = try SlidingWindow(kernel, stride: stride, padding: .symmetric(kernel: kernel))
            let filter = try ops.filter([outputs, inputs, kernel, kernel], bias: outputs)
            return .conv2D(
                try Conv2D(window: window, inputChannels: inputs, outputChannels: outputs, filter: filter, epilogue: Epilogue(activation: .relu6)))
        }
        let depthwise = try DepthwiseConv2D(
            window: SlidingWindow(3, padding: .symmetric(kernel: 3)), channels: 40, filter: ops.filter([40, 1, 3, 3], bias: 40))
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 2, h: 17, w: 15, c: 3))
        var y = try graph.append(conv(3, 40, kernel: 3, stride: 2), [x], name: "stem")
        y = try graph.append(.depthwiseConv2D(depthwise), [y], name: "depthwise")
        y = try graph.append(conv(40, 24), [y], name: "project")
        y = try graph.append(conv(24, 130), [y], name: "expand")
        graph.output("y", try graph.append(conv(130, 20), [y], name: "head"), layout: .nhwc)

        let here = try OpsOnVulkanTests.device.get()
        var info = here.info, options = DeviceOptions()
        info.kind = .discrete
        (options.timeoutMilliseconds, options.traits) = (120_000, KernelTraits(info, here.features))
        let plan = try VulkanPlan(graph, on: VulkanHere.device(options))
        let kernels = plan.reports.map { "\($0.kernel.prefix { $0 != " " })" }
        #expect(kernels == ["conv2d_tiled", "depthwise_pointwise", "conv2d_tiled", "conv2d_tiled"])
        let values = ops.numbers(x.shape.count, seed: 3)
        let got = try plan.run([values])[0], want = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()).run([values])[0]
        let largest = want.map(abs).max() ?? 0
        #expect(largest > 0 && zip(got, want).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
    }

    /// A GPU's choice, without a GPU: large tiles for large maps, splits for small ones, and none that sums less than 64 channels.
    @Test func choiceOfTiles() {
        func choice(_ rows: Int, _ columns: Int, _ depth: Int) -> ProductKernel {
            ProductKernel.forGPU(rows: rows, columns: columns, depth: depth, workgroups: 256)
        }
        #expect(choice(112 * 112, 192, 64) == .tiled(.w128h64, splits: 1))
        #expect(choice(56 * 56, 384, 64) == .tiled(.w64h64, splits: 1))
        #expect(choice(56 * 56, 24, 64) == .tiled(.w32h32, splits: 1))
        #expect(choice(49, 320, 960) == .tiled(.w32h32, splits: 13))
        #expect(choice(1, 1000, 1280) == .tiled(.w8h32, splits: 8))
        #expect(choice(1, 8, 16) == .tiled(.w8h32, splits: 1))
    }

    /// NV's form of cooperative matrices, else KHR's, else none; a processor has none.
    @Test func matricesFollowTheFeatures() throws {
        var info = try OpsOnVulkanTests.device.get().info, features = DeviceFeatures()
        (features.storage16, features.float16, features.memoryModel, features.subgroupOperations) = (true, true, true, 0xff)
        for (nv, khr, matrices) in [(false, false, nil), (true, false, Matrices.nv), (false, true, .khr), (true, true, .nv)] {
            (features.cooperativeMatrixNV, features.cooperativeMatrixKHR) = (nv, khr)
            info.kind = .discrete
            #expect(KernelTraits(info, features).matrices == matrices)
            #expect(KernelTraits(info, features.without([.coopmat])).matrices == nil)
            info.kind = .cpu
            #expect(KernelTraits(info, features).matrices == nil)
        }
    }

    /// A CPU-type device never takes a GPU's kernels by itself, and every kind of GPU does.
    @Test func traitsFollowTheKind() throws {
        var info = try OpsOnVulkanTests.device.get().info
        for (kind, tiles) in [(DeviceInfo.Kind.cpu, false), (.other, false), (.virtual, true), (.integrated, true), (.discrete, true)] {
            info.kind = kind
            let traits = KernelTraits(info, info.features)
            #expect(traits.tilesProducts == tiles && traits.isProcessor == (kind == .cpu) && traits.product == nil)
        }
    }
}

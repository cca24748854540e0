import OpsinCPU
import OpsinGraph
import OpsinVulkan
import Testing

/// Every op on the device against the CPU backend, whose own tests compare it with Double and PyTorch; primes, single pixels, single channels, batches.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct OpsOnVulkanTests {
    /// llvmpipe compiles at the first run, on a busy machine for seconds.
    static let device = Result {
        var options = DeviceOptions()
        options.timeoutMilliseconds = 120_000
        return try VulkanHere.device(options)
    }

    /// The same device without subgroup operations, which takes the kernels that a GPU takes.
    static let deviceWithoutSubgroups = Result {
        var options = DeviceOptions()
        (options.timeoutMilliseconds, options.disabled) = (120_000, [.subgroups])
        return try VulkanHere.device(options)
    }

    static var hasFP16: Bool { (try? device.get().features.fp16) ?? false }

    /// A graph of one node.
    func graph(_ op: Op, _ shapes: [Shape]) throws -> Graph {
        var graph = Graph()
        let values = shapes.enumerated().map { graph.input("x\($0)", shape: $1) }
        graph.output("y", try graph.append(op, values, name: "node"), layout: .nhwc)
        return graph
    }

    /// Runs a graph of one node on both and compares, in both storages: fp32 to rounding, fp16 to a few units of its last place.
    func agree(
        _ op: Op, _ shapes: [Shape], scale: Float = 1, in storages: [Storage] = Storage.allCases, on device: Result<Device, any Error> = Self.device,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let device = try device.get()
        let graph = try graph(op, shapes)
        // Values that fp16 holds exactly, so that only the op itself rounds.
        let inputs = shapes.enumerated().map { index, shape in numbers(shape.count, seed: index + 1).map { Float(Float16($0 * scale)) } }
        let want = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()).run(inputs)[0]
        #expect(want.count < 2 || want.contains { $0 != want[0] }, "the expected numbers are all alike", sourceLocation: sourceLocation)
        for storage in storages where storage == .f32 || device.features.fp16 {
            let got = try VulkanPlan(graph, on: device, storage: storage).run(inputs)[0]
            let mean = want.reduce(0) { $0 + abs($1) } / Float(want.count), tolerance: Float = storage == .f32 ? 5e-6 : 4e-3
            let worst = want.indices.first { !(abs(got[$0] - want[$0]) <= tolerance * max(abs(want[$0]), mean)) }
            if let worst {
                Issue.record("\(op.name) \(storage) of \(shapes): element \(worst) is \(got[worst]), expected \(want[worst])", sourceLocation: sourceLocation)
            }
        }
    }

    /// `count` numbers in -2...2 from a linear congruential generator.
    func numbers(_ count: Int, seed: Int) -> [Float] {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Float(state >> 40) / Float(1 << 23) - 1) * 2
        }
    }

    func filter(_ dimensions: [Int], bias: Int?, seed: Int = 9) throws -> Filter {
        let values = numbers(dimensions.reduce(1, *), seed: seed).map { Float(Float16($0 / 4)) }
        let constant = try #require(Constant(name: "weight", dimensions: dimensions, values: values))
        return Filter(constant, bias: bias.map { numbers($0, seed: seed + 1) })
    }

    @Test func activations() throws {
        for function in [
            ActivationFunction.relu, .relu6, .leakyReLU(slope: 0.2), .gelu, .silu, .sigmoid, .hardSwish, .hardSigmoid, .tanh, .atLeast(-0.75), .atMost(0.75),
        ] {
            for channels in [2, 17] { try agree(.activation(Activation(function)), [Shape(n: 2, h: 3, w: 5, c: channels)], scale: 3) }
        }
    }

    /// Data is uploaded with the plan and read like any value, through a view too.
    @Test func constants() throws {
        let device = try Self.device.get()
        let shape = try Shape(n: 1, h: 1, w: 3, c: 5), data = numbers(15, seed: 3).map { Float(Float16($0)) }
        var graph = Graph()
        let constant = try graph.constant(try #require(Constant(name: "data", dimensions: [15], values: data)), shape: Shape(n: 1, h: 3, w: 1, c: 5))
        let view = try graph.append(.reshape(Reshape(to: shape)), [constant], name: "view")
        let x = graph.input("x", shape: shape), input = numbers(15, seed: 4).map { Float(Float16($0)) }
        graph.output("y", try graph.append(.add(Add()), [view, x], name: "add"), layout: .nlc)
        for storage in device.features.fp16 ? Storage.allCases : [.f32] {
            let plan = try VulkanPlan(graph, on: device, storage: storage)
            for _ in 0..<2 {
                let got = try plan.run([input])[0]
                let want = zip(data, input).map { $0 + $1 }.map { storage == .f32 ? $0 : Float(Float16($0)) }
                #expect(got == want)
            }
        }
    }

    /// `(second shape)` repeated to `[2, 3, 5, c]`.
    @Test(arguments: [1, 4, 17])
    func addAndMultiply(_ c: Int) throws {
        let a = try Shape(n: 2, h: 3, w: 5, c: c)
        for b in [
            a, try Shape(n: 1, h: 1, w: 1, c: c), try Shape(n: 2, h: 1, w: 1, c: c), try Shape(n: 1, h: 3, w: 5, c: 1), try Shape(n: 1, h: 1, w: 5, c: c),
        ] {
            try agree(.add(Add(activation: .relu)), [a, b])
            try agree(.multiply(Multiply()), [a, b])
        }
    }

    /// `(side, kernel, stride, dilation, padding, inputs, outputs)`
    @Test(arguments: [
        (7, 3, 1, 1, 1, 3, 17), (9, 3, 2, 1, 1, 4, 8), (5, 5, 1, 1, 2, 17, 3), (1, 1, 1, 1, 0, 1, 1), (8, 1, 2, 1, 0, 8, 12), (13, 3, 1, 2, 2, 5, 1),
        (33, 3, 2, 1, 1, 3, 32), (14, 1, 1, 1, 0, 64, 1000), (4, 4, 4, 1, 0, 6, 10),
    ])
    func convolutions(_ side: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ padding: Int, _ inputs: Int, _ outputs: Int) throws {
        let pad = Padding(top: padding, left: padding, bottom: padding, right: padding)
        let window = try SlidingWindow(kernel, stride: stride, dilation: dilation, padding: pad)
        let filter = try filter([outputs, inputs, kernel, kernel], bias: outputs)
        for batch in [1, 3] {
            let x = try Shape(n: batch, h: side, w: side + 2, c: inputs)
            let plain = try Conv2D(window: window, inputChannels: inputs, outputChannels: outputs, filter: filter)
            try agree(.conv2D(plain), [x])
            for residual in [Epilogue.Residual.afterActivation, .beforeActivation] {
                let epilogue = Epilogue(activation: .hardSwish, residual: residual)
                let op = try Conv2D(window: window, inputChannels: inputs, outputChannels: outputs, filter: filter, epilogue: epilogue)
                try agree(.conv2D(op), [x, op.outputShape(of: [x, plain.outputShape(of: [x])])])
            }
        }
    }

    @Test func convolutionsWithFoldedScalesAndTensorFlowsOrder() throws {
        let values = numbers(3 * 3 * 4 * 6, seed: 5).map { Float(Float16($0 / 4)) }
        var filter = Filter(try #require(Constant(name: "w", dimensions: [3, 3, 4, 6], values: values)), layout: .outputLast)
        filter.outputScale = numbers(6, seed: 6)
        filter.inputScale = numbers(4, seed: 7)
        let window = try SlidingWindow(3, padding: .symmetric(kernel: 3))
        try agree(.conv2D(Conv2D(window: window, inputChannels: 4, outputChannels: 6, filter: filter)), [Shape(n: 1, h: 5, w: 6, c: 4)])
    }

    @Test(arguments: [(1, 1), (17, 3), (1000, 5), (64, 1001)])
    func linears(_ inputs: Int, _ outputs: Int) throws {
        let op = try Linear(inputFeatures: inputs, outputFeatures: outputs, filter: filter([outputs, inputs], bias: nil))
        for rows in [1, 8, 49] { try agree(.linear(op), [Shape(n: 1, h: 1, w: rows, c: inputs)]) }
    }

    /// `(side, kernel, stride, dilation, padding)`
    @Test(arguments: [(2, 3, 1, 1, 1), (7, 3, 2, 1, 1), (7, 5, 1, 1, 2), (13, 7, 1, 1, 3), (11, 3, 1, 2, 2), (40, 5, 2, 1, 2)], [1, 4, 17, 48])
    func depthwise(_ geometry: (Int, Int, Int, Int, Int), _ channels: Int) throws {
        let (side, kernel, stride, dilation, padding) = geometry
        let pad = Padding(top: padding, left: padding, bottom: padding, right: padding)
        let window = try SlidingWindow(kernel, stride: stride, dilation: dilation, padding: pad)
        let filter = try filter([channels, 1, kernel, kernel], bias: channels)
        let op = try DepthwiseConv2D(window: window, channels: channels, filter: filter, epilogue: Epilogue(activation: .relu6))
        try agree(.depthwiseConv2D(op), [Shape(n: 2, h: side, w: side + 31, c: channels)])
    }

    /// Dilations whose outputs interleave, with strides that share a factor with them and that do not: `(side, kernel, stride, dilation)`.
    @Test(arguments: [(20, 3, 1, 2), (23, 3, 1, 4), (29, 3, 2, 4), (31, 5, 3, 2), (26, 3, 4, 6), (30, 11, 1, 2)], [3, 8])
    func dilatedDepthwise(_ geometry: (Int, Int, Int, Int), _ channels: Int) throws {
        let (side, kernel, stride, dilation) = geometry, reach = dilation * (kernel - 1) / 2
        let window = try SlidingWindow(
            kernel, stride: stride, dilation: dilation, padding: Padding(top: reach, left: reach, bottom: reach, right: reach))
        let op = try DepthwiseConv2D(window: window, channels: channels, filter: filter([channels, 1, kernel, kernel], bias: channels))
        try agree(.depthwiseConv2D(op), [Shape(n: 2, h: side, w: side + 9, c: channels)])
    }

    /// `(images, side, channels, squeezed, outputs)`: fewer and more channels than a workgroup has threads.
    @Test(arguments: [(1, 1, 1, 1, 1), (2, 5, 17, 3, 17), (3, 7, 128, 8, 128), (1, 5, 1000, 40, 1000), (2, 3, 40, 300, 24)])
    func squeezeExcitation(_ s: (Int, Int, Int, Int, Int)) throws {
        let (images, side, channels, squeezed, outputs) = s
        let reduce = try Conv2D(
            window: SlidingWindow(1), inputChannels: channels, outputChannels: squeezed, filter: filter([squeezed, channels, 1, 1], bias: squeezed),
            epilogue: Epilogue(activation: .silu))
        let expand = try Conv2D(
            window: SlidingWindow(1), inputChannels: squeezed, outputChannels: outputs, filter: filter([outputs, squeezed, 1, 1], bias: outputs, seed: 12),
            epilogue: Epilogue(activation: .sigmoid))
        let op = try SqueezeExcitation(reduce: reduce, expand: expand)
        for device in [Self.device, Self.deviceWithoutSubgroups] {
            // Alone it has one output where there is one channel.
            try agree(.squeezeExcitation(op), [Shape(n: images, h: side, w: side + 1, c: channels)], on: device)
        }
    }

    /// `(images, side, channels, outputs)`: gates of one image for all lanes and of several, and channels that are no whole quads. llvmpipe takes a second to
    /// compile each.
    @Test(arguments: [(1, 5, 8, 12), (3, 3, 12, 32), (2, 4, 3, 5)])
    func gatedConvolutions(_ s: (Int, Int, Int, Int)) throws {
        let (images, side, channels, outputs) = s
        let x = try Shape(n: images, h: side, w: side, c: channels)
        var op = try Conv2D(
            window: SlidingWindow(1), inputChannels: channels, outputChannels: outputs, filter: filter([outputs, channels, 1, 1], bias: outputs),
            epilogue: Epilogue(activation: .relu, residual: .afterActivation))
        op.hasGate = true
        try agree(.conv2D(op), [x, x.with(h: 1, w: 1), x.with(c: outputs)])
        try agree(.conv2D(op), [x, x.with(h: 1, w: 1), x.with(c: outputs)], in: [.f32], on: Self.deviceWithoutSubgroups)
    }

    @Test(arguments: [1, 8, 17])
    func pools(_ channels: Int) throws {
        let x = try Shape(n: 2, h: 9, w: 7, c: channels)
        let pad = Padding(top: 1, left: 1, bottom: 1, right: 1)
        let window = try SlidingWindow(3, stride: 2, padding: pad)
        try agree(.maxPool2D(MaxPool2D(window: window)), [x])
        for included in [false, true] { try agree(.averagePool2D(AveragePool2D(window: window, countIncludesPadding: included)), [x]) }
        try agree(.globalAveragePool(GlobalAveragePool()), [x])
    }

    @Test(arguments: [1, 16, 17, 113])
    func norms(_ channels: Int) throws {
        let x = try Shape(n: 2, h: 3, w: 4, c: channels)
        let (weight, bias) = (numbers(channels, seed: 3), numbers(channels, seed: 4))
        if channels > 1 { try agree(.layerNorm(LayerNorm(weight: weight, bias: bias, epsilon: 1e-5)), [x]) }
        try agree(.groupNorm(GroupNorm(groups: 1, weight: weight, bias: bias, epsilon: 1e-5)), [x])
        try agree(.rmsNorm(RMSNorm(weight: weight, epsilon: 1e-6)), [x])
        if channels == 16 { try agree(.groupNorm(GroupNorm(groups: 4, weight: weight, bias: bias, epsilon: 1e-5)), [x]) }
        try agree(.layerScale(LayerScale(gamma: weight)), [x])
        let variance = weight.map { abs($0) + 0.5 }
        try agree(.batchNorm(BatchNorm(weight: weight, bias: bias, mean: bias, variance: variance, epsilon: 1e-3)), [x])
    }

    @Test(arguments: [2, 64, 65, 1001])
    func softmax(_ channels: Int) throws { try agree(.softmax(Softmax()), [Shape(n: 1, h: 2, w: 3, c: channels)], scale: 4) }

    /// `(boxes, bins, top)`
    @Test(arguments: [(1, 2, 1), (37, 33, 4), (300, 17, 16)])
    func distributions(_ boxes: Int, _ bins: Int, _ top: Int) throws {
        let x = try Shape(n: 2, h: 1, w: boxes, c: 4 * bins)
        try agree(.distributionToBox(DistributionToBox(distances: numbers(bins, seed: 3), scale: 4)), [x, x.with(c: 4)], scale: 3)
        try agree(.distributionStatistics(DistributionStatistics(groups: 4, top: top)), [x], scale: 3)
    }

    /// `(images, queries, keys, heads, keyValueHeads, headSize, valueSize)`
    @Test(arguments: [
        (1, 3, 2, 1, 1, 1, 3), (2, 7, 5, 3, 3, 5, 7), (3, 13, 17, 4, 1, 16, 15), (1, 49, 49, 2, 2, 32, 32), (2, 17, 9, 4, 2, 16, 24),
        (1, 5, 300, 1, 1, 113, 17),
        (1, 3, 129, 2, 1, 300, 130),
    ])
    func attention(_ s: (Int, Int, Int, Int, Int, Int, Int)) throws {
        let (images, queries, keys, heads, sources, headSize, valueSize) = s
        let op = try Attention(heads: heads, keyValueHeads: sources, scale: 1 / Float(headSize).squareRoot())
        let shapes = [
            try Shape(n: images, h: 1, w: queries, c: heads * headSize), try Shape(n: images, h: 1, w: keys, c: sources * headSize),
            try Shape(n: images, h: 1, w: keys, c: sources * valueSize),
        ]
        for device in [Self.device, Self.deviceWithoutSubgroups] { try agree(.attention(op), shapes, on: device) }
    }

    /// `(images, map's height, width, window's height, width, heads, headSize)`. Few sizes of heads: llvmpipe takes seconds to compile each kernel.
    @Test(arguments: [
        (2, 4, 6, 2, 3, 3, 5), (2, 14, 7, 7, 7, 1, 32), (1, 8, 16, 8, 8, 2, 32), (1, 6, 34, 6, 17, 1, 12), (2, 35, 2, 35, 1, 1, 130), (3, 5, 15, 1, 5, 1, 4),
    ])
    func windowedAttention(_ s: (Int, Int, Int, Int, Int, Int, Int)) throws {
        let (images, height, width, windowHeight, windowWidth, heads, headSize) = s
        let bias = numbers(heads * (2 * windowHeight - 1) * (2 * windowWidth - 1), seed: 9)
        let op = try WindowedAttention(
            heads: heads, windowHeight: windowHeight, windowWidth: windowWidth, scale: 1 / Float(headSize).squareRoot(),
            positionBias: height > width ? nil : bias)
        let x = try Shape(n: images, h: height, w: width, c: heads * headSize)
        for device in [Self.device, Self.deviceWithoutSubgroups] { try agree(.windowedAttention(op), [x, x, x], on: device) }
    }

    /// Activations to 3e4, whose products fp16 could not hold: with shares of all keys, and with scores of 1e9, which leave one.
    @Test(arguments: [(1e-9, 5), (1e-9, 32), (1, 32)])
    func attentionOfLargeActivations(scale: Float, headSize: Int) throws {
        let bias = numbers(2 * 7 * 9, seed: 9), x = try Shape(n: 1, h: 8, w: 5, c: 2 * headSize)
        let windowed = try WindowedAttention(heads: 2, windowHeight: 4, windowWidth: 5, scale: scale, positionBias: bias)
        let global = try Attention(heads: 2, keyValueHeads: 2, scale: scale)
        for device in [Self.device, Self.deviceWithoutSubgroups] {
            try agree(.windowedAttention(windowed), [x, x, x], scale: 15_000, on: device)
            try agree(.attention(global), [x, x, x], scale: 15_000, on: device)
        }
    }

    /// Which heads fit the registers of a thread, without a GPU.
    @Test func kernelsOfAttention() {
        #expect(AttentionDispatch.kernel(headSize: 32, valueSize: 32, broadcasts: true) == .broadcast)
        #expect(AttentionDispatch.kernel(headSize: 32, valueSize: 64, broadcasts: false) == .tiled)
        #expect(AttentionDispatch.kernel(headSize: 128, valueSize: 32, broadcasts: false) == .general)
        #expect(AttentionDispatch.kernel(headSize: 132, valueSize: 32, broadcasts: true) == .general)
        #expect(AttentionDispatch.kernel(headSize: 33, valueSize: 32, broadcasts: true) == .general)
    }

    @Test(arguments: [Resize.Method.nearest, .bilinear, .bicubic], [1, 4, 17])
    func resizes(_ method: Resize.Method, channels: Int) throws {
        for coordinates in [Resize.Coordinates.halfPixel, .alignCorners, .asymmetric] {
            for (height, width) in [(1, 1), (5, 7), (13, 11), (3, 29)] {
                let op = try Resize(height: height, width: width, method: method, coordinates: coordinates)
                try agree(.resize(op), [Shape(n: 2, h: 5, w: 7, c: channels)])
                if height > 1 { try agree(.resize(op), [Shape(n: 1, h: 9, w: 2, c: channels)], scale: 15_000) }
            }
        }
    }

    @Test(arguments: [false, true])
    func products(_ transposed: Bool) throws {
        let a = try Shape(n: 2, h: 3, w: 5, c: 7)
        let b = try transposed ? Shape(n: 2, h: 3, w: 11, c: 7) : Shape(n: 2, h: 3, w: 7, c: 11)
        try agree(.matMul(MatMul(transposeB: transposed, scale: 0.5)), [a, b])
    }

    @Test func copies() throws {
        let x = try Shape(n: 2, h: 5, w: 7, c: 3)
        for axis in [Axis.n, .h, .w, .c] {
            try agree(.concat(Concat(axis: axis)), [x, x, x.replacing(axis, by: 4)])
            try agree(.slice(Slice(axis: axis, start: 1, count: 1)), [x])
        }
        try agree(.slice(Slice(axis: .w, start: 1, count: 3, step: 2)), [x])
        try agree(.slice(Slice(axis: .h, start: 0, count: 2, step: 3)), [x])
        // Quads, and elements that are apart in x and side by side in y.
        let wide = try Shape(n: 2, h: 3, w: 5, c: 24)
        try agree(.concat(Concat(axis: .c)), [wide, wide.with(c: 4), wide.with(c: 8)])
        try agree(.concat(Concat(axis: .h)), [wide, wide.with(h: 2)])
        for (start, count, step) in [(0, 12, 2), (1, 12, 2), (1, 8, 3), (2, 5, 4), (4, 8, 1)] {
            try agree(.slice(Slice(axis: .c, start: start, count: count, step: step)), [wide])
        }
        for block in [2, 3] { try agree(.depthToSpace(DepthToSpace(block: block)), [Shape(n: 2, h: 3, w: 5, c: block * block * 6)]) }
        try agree(.pad(Pad(padding: Padding(top: 1, left: 2, bottom: 3, right: 0), value: 0.5)), [x])
        try agree(.reshape(Reshape(to: Shape(n: 1, h: 2, w: 35, c: 3))), [x])
    }

    @Test func anOpWithoutAKernelIsNamed() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 2, c: 1_000_003))
        graph.output("y", try graph.append(.attention(Attention(heads: 1, keyValueHeads: 1, scale: 1)), [x, x, x], name: "head.attn"), layout: .nhwc)
        let device = try Self.device.get()
        #expect { try VulkanPlan(graph, on: device) } throws: {
            let error = $0 as? VulkanError
            return error?.code == .unsupported && error?.description.hasPrefix("head.attn: Attention: heads of 1000003/1000003 channels need ") == true
        }
    }
}

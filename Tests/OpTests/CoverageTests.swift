import Glibc
import OpsinCPU
import OpsinGraph
import OpsinVulkan
import Testing

/// Every op on every backend with every odd shape: one pixel, channels 1, 3, 17 and 1000, batches of 1 to 8. The generic CPU row gives the expected numbers; it
/// is itself held against definitions in Double by the tests of each op. An op without a case here does not compile.
@Suite struct CoverageTests {
    /// The ops, one case each.
    enum Kind: CaseIterable {
        case activation, add, attention, averagePool2D, batchNorm, boxRefinement, concat, conv2D, depthToSpace, depthwiseConv2D, depthwisePointwise
        case distributionStatistics, distributionToBox, globalAveragePool, groupNorm, layerNorm, layerScale, linear, matMul, maxPool2D
        case multiScaleDeformableAttention, multiply, pad, reshape, resize, rmsNorm, sineEmbedding, slice, softmax, squeezeExcitation, topKGather
        case windowedAttention

        /// The case of an op: exhaustive, so that a new op needs one. None for the two between floats and bytes, which the CPU alone runs (Int8Tests).
        init?(_ op: Op) {
            let kind: Kind? =
                switch op {
                case .dequantize, .quantize: nil
                case .activation: .activation
                case .add: .add
                case .attention: .attention
                case .averagePool2D: .averagePool2D
                case .batchNorm: .batchNorm
                case .boxRefinement: .boxRefinement
                case .concat: .concat
                case .conv2D: .conv2D
                case .depthToSpace: .depthToSpace
                case .depthwiseConv2D: .depthwiseConv2D
                case .depthwisePointwise: .depthwisePointwise
                case .distributionStatistics: .distributionStatistics
                case .distributionToBox: .distributionToBox
                case .globalAveragePool: .globalAveragePool
                case .groupNorm: .groupNorm
                case .layerNorm: .layerNorm
                case .layerScale: .layerScale
                case .linear: .linear
                case .matMul: .matMul
                case .maxPool2D: .maxPool2D
                case .multiScaleDeformableAttention: .multiScaleDeformableAttention
                case .multiply: .multiply
                case .pad: .pad
                case .reshape: .reshape
                case .resize: .resize
                case .rmsNorm: .rmsNorm
                case .sineEmbedding: .sineEmbedding
                case .slice: .slice
                case .softmax: .softmax
                case .squeezeExcitation: .squeezeExcitation
                case .topKGather: .topKGather
                case .windowedAttention: .windowedAttention
                }
            guard let kind else { return nil }
            self = kind
        }
    }

    /// `(n, h, w, c)`
    static let shapes = [
        (1, 1, 1, 1), (1, 1, 1, 3), (1, 1, 1, 17), (1, 1, 1, 1000), (2, 1, 1, 1000), (3, 5, 3, 1), (4, 3, 1, 17), (5, 2, 7, 3), (6, 1, 4, 17), (7, 1, 1, 3),
        (8, 3, 2, 17), (8, 1, 1, 1), (1, 4, 3, 1000),
    ]

    @Test func theShapesAreThoseOfTheIssue() {
        #expect(Set(Self.shapes.map(\.0)) == Set(1...8) && Set(Self.shapes.map(\.3)) == [1, 3, 17, 1000])
        for channels in [1, 3, 17, 1000] { #expect(Self.shapes.contains { $0.1 == 1 && $0.2 == 1 && $0.3 == channels }) }
    }

    /// Of these what `make test` gives a Vulkan device: llvmpipe compiles most kernels anew for each shape. `make validate` gives it all.
    static let few = [(1, 1, 1, 1000), (3, 5, 3, 1), (5, 2, 7, 3), (8, 3, 2, 17)]
    static let isLong = unsafe getenv("OPSIN_LONG_TESTS") != nil

    @Test(arguments: Kind.allCases)
    func everyShapeOnEveryBackend(_ kind: Kind) throws {
        try check(kind, Self.shapes, Backend.isas.map { Backend(isa: $0, threads: 2) })
        let onVulkan = VulkanRow.storages.map { Backend(isa: .generic, threads: 1, vulkan: $0) }
        if !onVulkan.isEmpty { try check(kind, Self.isLong ? Self.shapes : Self.few, onVulkan) }
    }

    /// All shapes of an op are one graph, so that a device compiles its kernels side by side.
    private func check(_ kind: Kind, _ shapes: [(Int, Int, Int, Int)], _ backends: [Backend]) throws {
        var graph = Graph(), feed: [[Float]] = []
        for (n, h, w, c) in shapes {
            let (op, sources) = try Self.op(kind, Shape(n: n, h: h, w: w, c: c))
            #expect(Kind(op) == kind)
            let values = sources.enumerated().map { graph.input("x\(feed.count + $0.offset)", shape: $0.element) }
            // The same numbers whichever shapes are asked for.
            let place = Self.shapes.firstIndex { $0 == (n, h, w, c) } ?? 0
            for (index, shape) in sources.enumerated() { feed.append(Self.halves(shape.count, seed: UInt64(place * sources.count + index + 1))) }
            graph.output("\(n)x\(h)x\(w)x\(c)", try graph.append(op, values, name: "\(kind) \(n)x\(h)x\(w)x\(c)"), layout: .nhwc)
        }
        func onCPU(_ isa: ISA, threads: Int) throws -> [[Float]] {
            try CPUPlan(graph, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: isa).run(feed)
        }
        let want = try onCPU(.generic, threads: 1)
        for backend in backends {
            let got = try backend.vulkan.map { try VulkanPlan(graph, on: VulkanRow.device.get(), storage: $0).run(feed) } ?? onCPU(backend.isa, threads: 2)
            for (index, port) in graph.outputs.enumerated() {
                let mean = want[index].reduce(0) { $0 + abs(Double($1)) } / Double(max(want[index].count, 1))
                let wrong = zip(got[index], want[index]).first { !(abs(Double($0) - Double($1)) <= 2 * backend.tolerance * max(abs(Double($1)), mean)) }
                #expect(got[index].count == want[index].count)
                if let wrong { Issue.record("\(kind) \(port.name) on \(backend.testDescription): got \(wrong.0), want \(wrong.1)") }
            }
        }
    }

    /// Numbers that fp16 holds, so that only the op rounds.
    private static func halves(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] { numbers(count, seed: seed, scale: scale).map { Float(Float16($0)) } }

    private static func filter(_ dimensions: [Int], seed: UInt64) throws -> Filter {
        // Sums of order 1 whatever their length: what an activation makes of them must not hang on their rounding.
        let values = halves(dimensions.reduce(1, *), seed: seed, scale: 1 / Float(dimensions.dropFirst().reduce(1, *)).squareRoot())
        return Filter(try #require(Constant(name: "w", dimensions: dimensions, values: values)), bias: halves(dimensions[0], seed: seed + 1))
    }

    private static func pointwise(_ inputs: Int, _ outputs: Int, _ function: ActivationFunction = .identity, seed: UInt64 = 1) throws -> Conv2D {
        try Conv2D(
            window: SlidingWindow(1), inputChannels: inputs, outputChannels: outputs, filter: filter([outputs, inputs, 1, 1], seed: seed),
            epilogue: Epilogue(activation: function))
    }

    private static func depthwise(_ channels: Int) throws -> DepthwiseConv2D {
        try DepthwiseConv2D(window: window(stride: 1), channels: channels, filter: filter([channels, 1, 3, 3], seed: 7))
    }

    private static func window(stride: Int) throws -> SlidingWindow {
        try SlidingWindow(3, stride: stride, padding: Padding(top: 1, left: 1, bottom: 1, right: 1))
    }

    /// The op of a kind for a map of `x`, and the shapes of its inputs.
    private static func op(_ kind: Kind, _ x: Shape) throws -> (Op, [Shape]) {
        let c = x.c, tokens = try Shape(n: x.n, h: 1, w: x.h * x.w, c: c)
        let (weight, bias) = (halves(c, seed: 3), halves(c, seed: 4))
        switch kind {
        case .activation: return (.activation(Activation(.silu)), [x])
        case .add: return (.add(Add(activation: .relu)), [x, x])
        case .attention: return (.attention(try Attention(heads: 1, keyValueHeads: 1, scale: 1 / Float(c).squareRoot())), [tokens, tokens, tokens])
        case .averagePool2D: return (.averagePool2D(AveragePool2D(window: try window(stride: 2), countIncludesPadding: false)), [x])
        case .batchNorm:
            return (.batchNorm(try BatchNorm(weight: weight, bias: bias, mean: bias, variance: weight.map { abs($0) + 0.5 }, epsilon: 1e-3)), [x])
        case .boxRefinement: return (.boxRefinement(try BoxRefinement()), [try tokens.with(c: 4), try tokens.with(c: c % 2 == 0 ? 4 : 2)])
        case .concat: return (.concat(Concat(axis: .c)), [x, try x.with(c: 3)])
        case .conv2D:
            let outputs = min(c, 17)
            let filter = try filter([outputs, c, 3, 3], seed: 5)
            return (.conv2D(try Conv2D(window: window(stride: 1), inputChannels: c, outputChannels: outputs, filter: filter)), [x])
        case .depthToSpace: return (.depthToSpace(try DepthToSpace(block: 2)), [try x.with(c: 4 * c)])
        case .depthwiseConv2D: return (.depthwiseConv2D(try depthwise(c)), [x])
        case .depthwisePointwise: return (.depthwisePointwise(try DepthwisePointwise(depthwise: depthwise(c), pointwise: pointwise(c, 5))), [x])
        case .distributionStatistics: return (.distributionStatistics(try DistributionStatistics(groups: 4, top: 2)), [try tokens.with(c: 4 * max(c, 2))])
        case .distributionToBox:
            let bins = max(c, 2), op = try DistributionToBox(distances: halves(bins, seed: 3), scale: 4)
            return (.distributionToBox(op), [try tokens.with(c: 4 * bins), try tokens.with(c: 4)])
        case .globalAveragePool: return (.globalAveragePool(GlobalAveragePool()), [x])
        case .groupNorm: return (.groupNorm(try GroupNorm(groups: 1, weight: weight, bias: bias, epsilon: 1e-2)), [x])
        case .layerNorm: return (.layerNorm(try LayerNorm(weight: weight, bias: bias, epsilon: 1e-2)), [x])
        case .layerScale: return (.layerScale(LayerScale(gamma: weight)), [x])
        case .linear: return (.linear(try Linear(inputFeatures: c, outputFeatures: 19, filter: filter([19, c], seed: 6))), [x])
        case .matMul: return (.matMul(MatMul(transposeB: true, scale: 0.5)), [x, try x.with(w: 5)])
        case .maxPool2D: return (.maxPool2D(MaxPool2D(window: try window(stride: 1))), [x])
        case .multiScaleDeformableAttention:
            let levels = [MultiScaleDeformableAttention.Level(height: x.h, width: x.w, points: 2), .init(height: 1, width: 3, points: 1)]
            let op = try MultiScaleDeformableAttention(heads: 1, levels: levels), rows = try tokens.with(w: 3)
            return (.multiScaleDeformableAttention(op), [try tokens.with(w: x.h * x.w + 3), try rows.with(c: 6), try rows.with(c: 3), try rows.with(c: 4)])
        case .multiply: return (.multiply(Multiply()), [x, try x.with(h: 1).with(w: 1)])
        case .pad: return (.pad(try Pad(padding: Padding(top: 1, left: 2, bottom: 0, right: 1), value: 0.5)), [x])
        case .reshape: return (.reshape(Reshape(to: tokens)), [x])
        case .resize: return (.resize(try Resize(height: 3, width: 5, method: .bilinear, coordinates: .halfPixel)), [x])
        case .rmsNorm: return (.rmsNorm(RMSNorm(weight: weight, epsilon: 1e-2)), [x])
        case .sineEmbedding: return (.sineEmbedding(try SineEmbedding(features: 8)), [tokens])
        case .slice: return (.slice(try Slice(axis: .c, start: c / 2, count: c - c / 2)), [x])
        case .softmax: return (.softmax(Softmax()), [x])
        case .squeezeExcitation:
            let middle = max(1, c / 4)
            return (.squeezeExcitation(try SqueezeExcitation(reduce: pointwise(c, middle, .relu), expand: pointwise(middle, c, .sigmoid, seed: 9))), [x])
        case .topKGather: return (.topKGather(try TopKGather(count: (x.h * x.w + 1) / 2)), [tokens, try tokens.with(c: 5)])
        case .windowedAttention:
            return (.windowedAttention(try WindowedAttention(heads: 1, windowHeight: x.h, windowWidth: x.w, scale: 1 / Float(c).squareRoot())), [x, x, x])
        }
    }
}

import OpsinCPU
import OpsinGraph
import Testing

/// Values that are bf16 in memory between products with bf16 factors.
@Suite(.enabled(if: !Backend.bf16.isEmpty, "no bf16 instructions here"))
struct HalfValuesTests {
    /// An inverted bottleneck: expansion, depthwise convolution, projection with a residual where the shapes allow; then a linear layer that reads the sum.
    func bottleneck(_ x: Shape, expanded: Int, window: SlidingWindow, activation: ActivationFunction) throws -> Graph {
        var graph = Graph()
        let input = graph.input("x", shape: x)
        func filter(_ name: String, _ dimensions: [Int], depth: Int, outputs: Int, seed: UInt64) throws -> Filter {
            let values = numbers(dimensions.reduce(1, *), seed: seed, scale: 2 / Float(depth).squareRoot())
            return Filter(try #require(Constant(name: name, dimensions: dimensions, values: values)), bias: numbers(outputs, seed: seed + 1, scale: 0.1))
        }
        let expand = try Conv2D(
            window: SlidingWindow(1), inputChannels: x.c, outputChannels: expanded,
            filter: filter("e", [expanded, x.c, 1, 1], depth: x.c, outputs: expanded, seed: 2), epilogue: Epilogue(activation: activation))
        let wide = try graph.append(.conv2D(expand), [input], name: "expand")
        let depthwise = try DepthwiseConv2D(
            window: window, channels: expanded,
            filter: filter("d", [expanded, 1, window.height, window.width], depth: window.height * window.width, outputs: expanded, seed: 4),
            epilogue: Epilogue(activation: activation))
        let middle = try graph.append(.depthwiseConv2D(depthwise), [wide], name: "depthwise")
        let hasResidual = middle.shape.h == x.h && middle.shape.w == x.w
        let project = try Conv2D(
            window: SlidingWindow(1), inputChannels: expanded, outputChannels: x.c,
            filter: filter("p", [x.c, expanded, 1, 1], depth: expanded, outputs: x.c, seed: 6),
            epilogue: Epilogue(activation: .identity, residual: hasResidual ? .afterActivation : .none))
        let sum = try graph.append(.conv2D(project), hasResidual ? [middle, input] : [middle], name: "project")
        let last = try Linear(inputFeatures: x.c, outputFeatures: 9, filter: filter("l", [9, x.c], depth: x.c, outputs: 9, seed: 8))
        graph.output("y", try graph.append(.linear(last), [sum], name: "last"), layout: .nhwc)
        return graph
    }

    /// A stem in fp32 that writes bf16, a 3x3 convolution that reads it where it is, borders included, and a pointwise one.
    @Test(arguments: [(1, 31, 45, 16, 40, 1), (2, 29, 26, 34, 20, 2), (1, 5, 6, 18, 64, 1)])
    func convolutionsReadHalves(n: Int, h: Int, w: Int, middle: Int, outputs: Int, stride: Int) throws {
        var graph = Graph()
        let x = try Shape(n: n, h: h, w: w, c: 3), input = graph.input("x", shape: x)
        func convolution(_ kernel: Int, _ stride: Int, _ inputs: Int, _ outputs: Int) throws -> Op {
            let depth = inputs * kernel * kernel, values = numbers(outputs * depth, seed: UInt64(depth), scale: 2 / Float(depth).squareRoot())
            let constant = try #require(Constant(name: "w\(depth)", dimensions: [outputs, inputs, kernel, kernel], values: values))
            let window = try SlidingWindow(kernel, stride: stride, padding: kernel == 1 ? .none : .symmetric(kernel: kernel))
            return .conv2D(
                try Conv2D(
                    window: window, inputChannels: inputs, outputChannels: outputs, filter: Filter(constant, bias: numbers(outputs, seed: 3, scale: 0.1)),
                    epilogue: Epilogue(activation: .gelu)))
        }
        let stem = try graph.append(convolution(3, 2, 3, middle), [input], name: "stem")
        let wide = try graph.append(convolution(3, stride, middle, outputs), [stem], name: "wide")
        graph.output("y", try graph.append(convolution(1, 1, outputs, 9), [wide], name: "last"), layout: .nhwc)
        try expectNearFloat32(graph, numbers(x.count, seed: 1))
    }

    private func linear(_ graph: inout Graph, _ name: String, _ x: Value, outputs: Int, residual: Value? = nil) throws -> Value {
        let depth = x.shape.c, seed = name.utf8.reduce(UInt64(17)) { $0 &* 31 &+ UInt64($1) }
        let values = numbers(outputs * depth, seed: seed, scale: 2 / Float(depth).squareRoot())
        let constant = try #require(Constant(name: name, dimensions: [outputs, depth], values: values))
        let filter = Filter(constant, bias: numbers(outputs, seed: seed + 1, scale: 0.1))
        let op = try Linear(
            inputFeatures: depth, outputFeatures: outputs, filter: filter,
            epilogue: Epilogue(activation: .identity, residual: residual == nil ? .none : .afterActivation))
        return try graph.append(.linear(op), residual.map { [x, $0] } ?? [x], name: name)
    }

    /// Norm, three products, attention in windows or over the map, and the product that adds to the input: what the norm, the three and attention make is bf16.
    @Test(arguments: [(1, 14, 14, 64, 2, 7, 7), (2, 6, 10, 66, 3, 3, 5), (1, 9, 9, 48, 2, 0, 0), (1, 20, 20, 160, 2, 0, 0)])
    func tokensStayHalves(n: Int, h: Int, w: Int, c: Int, heads: Int, rows: Int, columns: Int) throws {
        var graph = Graph()
        let x = try Shape(n: n, h: h, w: w, c: c), input = graph.input("x", shape: x), scale = 1 / Float(c / heads).squareRoot()
        let norm = try LayerNorm(weight: numbers(c, seed: 5, scale: 1).map { $0 + 1 }, bias: numbers(c, seed: 6, scale: 0.1), epsilon: 1e-5)
        let tokens = try graph.append(.layerNorm(norm), [input], name: "norm")
        let factors = try ["q", "k", "v"].map { try linear(&graph, $0, tokens, outputs: c) }
        let attention: Op =
            if rows == 0 {
                .attention(try Attention(heads: heads, keyValueHeads: heads, scale: scale))
            } else {
                .windowedAttention(
                    try WindowedAttention(
                        heads: heads, windowHeight: rows, windowWidth: columns, scale: scale,
                        positionBias: numbers(heads * (2 * rows - 1) * (2 * columns - 1), seed: 7, scale: 0.5)))
            }
        let mixed = try graph.append(attention, factors, name: "attention")
        graph.output("y", try linear(&graph, "o", mixed, outputs: c, residual: input), layout: .nhwc)
        try expectNearFloat32(graph, numbers(x.count, seed: 1))
    }

    /// Squeeze and excitation of what a product makes: the mean reads bf16, the gate's product reads and writes it.
    @Test(arguments: [(1, 13, 11, 24, 50), (2, 7, 7, 33, 70)])
    func gatesStayHalves(n: Int, h: Int, w: Int, c: Int, expanded: Int) throws {
        var graph = Graph()
        let x = try Shape(n: n, h: h, w: w, c: c), input = graph.input("x", shape: x)
        let wide = try linear(&graph, "wide", input, outputs: expanded)
        let mean = try graph.append(.globalAveragePool(GlobalAveragePool()), [wide], name: "mean")
        let gate = try linear(&graph, "excite", linear(&graph, "squeeze", mean, outputs: 9), outputs: expanded)
        let gated = try graph.append(.multiply(Multiply()), [wide, gate], name: "gate")
        graph.output("y", try linear(&graph, "last", gated, outputs: 20), layout: .nhwc)
        try expectNearFloat32(graph, numbers(x.count, seed: 1))
    }

    private func expectNearFloat32(_ graph: Graph, _ x: [Float]) throws {
        let exact = try CPUPlan(graph, team: CPUTeam(threads: 2), weights: PackedWeights(), isa: .avx512)
        let want = try exact.run([x])[0], mean = want.reduce(0) { $0 + abs($1) } / Float(want.count)
        for threads in [1, 3] {
            let plan = try CPUPlan(graph, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: .avx512, precision: .bf16)
            plan.poison()
            let got = try plan.run([x])[0]
            let worst = zip(got, want).map { $0.isNaN ? .infinity : abs($0 - $1) / max(abs($1), mean) }.max() ?? 1
            #expect(worst < 0.04 && worst > 1e-5, "\(threads) threads: \(worst)")
            #expect(plan.arenaBytes < exact.arenaBytes)
        }
    }

    /// One case; the window is square.
    struct Sizes: Sendable, CustomTestStringConvertible {
        let n: Int
        let h: Int
        let w: Int
        let c: Int
        let expanded: Int
        var kernel = 3
        var stride = 1
        var dilation = 1
        var padding = Padding.symmetric(kernel: 3)
        var activation = ActivationFunction.gelu
        var testDescription: String { "\(n)x\(h)x\(w)x\(c) to \(expanded), \(kernel)x\(kernel) / \(stride), dilation \(dilation)" }
    }

    /// Small maps, channels that fill no vector, an odd number that no product reads as stored, a window without a kernel of its own, a dilation, a map so
    /// large that expansion and depthwise convolution run as one, and one whose channels are cut too.
    static let cases = [
        Sizes(n: 1, h: 14, w: 14, c: 24, expanded: 96),
        Sizes(n: 2, h: 9, w: 7, c: 20, expanded: 50, kernel: 5, stride: 2, padding: .symmetric(kernel: 5)),
        Sizes(n: 1, h: 8, w: 6, c: 16, expanded: 33, activation: .relu6),
        Sizes(n: 1, h: 8, w: 9, c: 8, expanded: 32, kernel: 4, padding: Padding(top: 1, left: 1, bottom: 2, right: 2), activation: .hardSwish),
        Sizes(n: 1, h: 12, w: 12, c: 18, expanded: 64, dilation: 2, padding: Padding(top: 2, left: 2, bottom: 2, right: 2)),
        Sizes(n: 1, h: 91, w: 97, c: 18, expanded: 256),
        Sizes(n: 1, h: 33, w: 512, c: 20, expanded: 384, stride: 2, padding: Padding(bottom: 1, right: 1), activation: .relu),
    ]

    /// Near fp32, and in less memory.
    @Test(arguments: cases)
    func isNearFloat32(_ s: Sizes) throws {
        let (n, h, w, c) = (s.n, s.h, s.w, s.c)
        let window = try SlidingWindow(s.kernel, stride: s.stride, dilation: s.dilation, padding: s.padding)
        let graph = try bottleneck(Shape(n: n, h: h, w: w, c: c), expanded: s.expanded, window: window, activation: s.activation)
        try expectNearFloat32(graph, numbers(n * h * w * c, seed: 1))
    }
}

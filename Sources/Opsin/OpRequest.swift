package import OpsinGraph

/// One op to be measured alone: its name, input shape and attributes, as `opsin bench --op` takes them.
public struct OpRequest: Hashable, Sendable {
    /// `depthwise_conv2d`
    public var name: String
    /// N, H, W, C
    public var shape: [Int]
    /// Side of the window.
    public var kernel = 3
    /// Pixels from one window to the next.
    public var stride = 1
    /// Pixels from one tap of the window to the next.
    public var dilation = 1
    /// Rows and columns of zeros on each side; nil keeps the size at stride 1.
    public var padding: Int?
    /// Output channels of conv2d and linear, columns of matmul; nil: those of the input.
    public var outChannels: Int?
    /// Heads of attention; nil: one for 32 channels.
    public var heads: Int?
    /// Heads of keys and values; nil: as many as `heads`.
    public var keyValueHeads: Int?
    /// Maps of multi_scale_deformable_attention, each half as large as the one before.
    public var levels = 4
    /// Points of a head on each of them.
    public var points = 4
    /// Groups of group_norm; nil: 32, or one where that does not divide.
    public var groups: Int?
    /// The function of activation.
    public var function = "relu"
    /// Factor of resize.
    public var scale = 2
    /// The method of resize.
    public var method = "bilinear"

    /// An op with the window's defaults: 3 x 3, neither strided nor dilated.
    public init(name: String, shape: [Int]) { (self.name, self.shape) = (name, shape) }

    /// Every name that is known.
    public static let names = [
        "activation", "add", "attention", "average_pool2d", "batch_norm", "concat", "conv2d", "depthwise_conv2d", "global_average_pool", "group_norm",
        "layer_norm", "layer_scale", "linear", "matmul", "max_pool2d", "multi_scale_deformable_attention", "multiply", "pad", "resize", "slice", "softmax",
        "windowed_attention",
    ]

    /// Most elements of an input, output or weight: a gigabyte.
    static let largest = 1 << 28

    /// What reports call it: `conv2d [1, 56, 56, 64]`.
    public var text: String { "\(name) \(shape)" }
}

extension OpRequest {
    /// A graph of that op alone. Throws `.argument` for what does not fit.
    package func graph() throws(OpsinError) -> Graph {
        guard OpRequest.names.contains(name) else {
            throw OpsinError(.argument, "--op \"\(name.prefix(40))\" is unknown (expected \(OpRequest.names.joined(separator: ", ")))")
        }
        guard shape.count == 4 else { throw OpsinError(.argument, "--shape is \(shape), expected N,H,W,C") }
        let graph: Graph
        do {
            graph = try built()
        } catch {
            throw OpsinError(.argument, error.description)
        }
        for shape in (graph.inputs + graph.outputs).map(\.value.shape) where shape.count > OpRequest.largest {
            throw OpsinError(.argument, "\(name): \(shape) is too large to be measured, at most \(OpRequest.largest) elements")
        }
        return graph
    }

    /// `shape` has four numbers.
    private func built() throws(GraphError) -> Graph {
        let x = try Shape(n: shape[0], h: shape[1], w: shape[2], c: shape[3])
        var graph = Graph()
        guard name != "multi_scale_deformable_attention" else {
            try deformableAttention(x, &graph)
            return graph
        }
        var values = [graph.input("x", shape: x, layout: .nhwc)]
        for (index, other) in try others(x).enumerated() { values.append(graph.input("x\(index + 2)", shape: other, layout: .nhwc)) }
        guard x.c <= OpRequest.largest else { throw .shape("\(name): \(x) is too large to be measured") }
        graph.output("y", try graph.append(try op(x), values, name: name), layout: .nhwc)
        return graph
    }

    /// Numbers in -1...1 that are the same on every machine.
    static func noise(_ count: Int, seed: UInt64) -> [Float] {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
        }
    }

    /// Shapes of the inputs after the first.
    private func others(_ x: Shape) throws(GraphError) -> [Shape] {
        switch name {
        case "add", "multiply", "concat": return [x]
        case "matmul": return [try x.with(w: x.c, c: outChannels ?? x.c)]
        case "windowed_attention": return [x, x]
        case "attention":
            guard (1...1024).contains(headCount(x)), (1...1024).contains(keyValueHeads ?? 1) else {
                throw .attribute("--heads is \(headCount(x)) and --key-value-heads \(keyValueHeads ?? headCount(x)), expected 1 to 1024 each")
            }
            return try Array(repeating: x.with(c: x.c / max(1, headCount(x)) * (keyValueHeads ?? headCount(x))), count: 2)
        default: return []
        }
    }

    private func headCount(_ x: Shape) -> Int { heads ?? max(1, x.c / 32) }

    private func op(_ x: Shape) throws(GraphError) -> Op {
        switch name {
        case "activation": return .activation(Activation(try activation()))
        case "add": return .add(Add())
        case "attention":
            let size = Float(max(1, x.c / max(1, headCount(x))))
            return .attention(try Attention(heads: headCount(x), keyValueHeads: keyValueHeads ?? headCount(x), scale: 1 / size.squareRoot()))
        case "average_pool2d": return .averagePool2D(AveragePool2D(window: try window(), countIncludesPadding: true))
        case "batch_norm":
            let (weight, bias) = (OpRequest.noise(x.c, seed: 7), OpRequest.noise(x.c, seed: 8))
            return .batchNorm(try BatchNorm(weight: weight, bias: bias, mean: bias, variance: weight.map { $0 * $0 + 0.5 }, epsilon: 1e-5))
        case "concat": return .concat(Concat())
        case "conv2d":
            let outputs = outChannels ?? x.c
            let filter = try filter([outputs, x.c, kernel, kernel])
            return .conv2D(try Conv2D(window: try window(), inputChannels: x.c, outputChannels: outputs, filter: filter))
        case "depthwise_conv2d":
            let filter = try filter([x.c, 1, kernel, kernel])
            return .depthwiseConv2D(try DepthwiseConv2D(window: try window(), channels: x.c, filter: filter))
        case "global_average_pool": return .globalAveragePool(GlobalAveragePool())
        case "group_norm":
            let count = groups ?? (x.c % 32 == 0 ? 32 : 1)
            return .groupNorm(try GroupNorm(groups: count, weight: OpRequest.noise(x.c, seed: 7), bias: OpRequest.noise(x.c, seed: 8), epsilon: 1e-5))
        case "layer_norm": return .layerNorm(try LayerNorm(weight: OpRequest.noise(x.c, seed: 7), bias: OpRequest.noise(x.c, seed: 8), epsilon: 1e-5))
        case "layer_scale": return .layerScale(LayerScale(gamma: OpRequest.noise(x.c, seed: 7)))
        case "linear":
            let outputs = outChannels ?? x.c
            return .linear(try Linear(inputFeatures: x.c, outputFeatures: outputs, filter: try filter([outputs, x.c])))
        case "matmul": return .matMul(MatMul())
        case "max_pool2d": return .maxPool2D(MaxPool2D(window: try window()))
        case "multiply": return .multiply(Multiply())
        case "pad":
            let side = padding ?? 1
            return .pad(try Pad(padding: Padding(top: side, left: side, bottom: side, right: side)))
        case "resize":
            guard (1...64).contains(scale) else { throw .attribute("--scale is \(scale), expected 1 to 64") }
            let size = (x.h.multipliedReportingOverflow(by: scale), x.w.multipliedReportingOverflow(by: scale))
            return .resize(try Resize(height: size.0.partialValue, width: size.1.partialValue, method: try interpolation(), coordinates: .halfPixel))
        case "slice": return .slice(try Slice(axis: .c, start: 0, count: max(1, x.c / 2)))
        case "softmax": return .softmax(Softmax())
        case "windowed_attention": return .windowedAttention(try windowedAttention(x))
        default: throw .attribute("\(name) is no op that can be measured alone")
        }
    }

    /// Windows of `--kernel` rows and columns, with a bias for every two places.
    private func windowedAttention(_ x: Shape) throws(GraphError) -> WindowedAttention {
        guard (1...64).contains(kernel), (1...1024).contains(headCount(x)) else {
            throw .attribute("--kernel is \(kernel), expected a window of 1 to 64, and --heads \(headCount(x)), expected 1 to 1024")
        }
        let side = 2 * kernel - 1, size = Float(max(1, x.c / headCount(x)))
        return try WindowedAttention(
            heads: headCount(x), windowHeight: kernel, windowWidth: kernel, scale: 1 / size.squareRoot(),
            positionBias: OpRequest.noise(headCount(x) * side * side, seed: 9))
    }

    private func window() throws(GraphError) -> SlidingWindow {
        guard (1...4096).contains(kernel), (1...4096).contains(dilation) else {
            throw .attribute("--kernel is \(kernel) and --dilation \(dilation), expected 1 to 4096 each")
        }
        let side = padding ?? (kernel - 1) / 2 * dilation
        return try SlidingWindow(kernel, stride: stride, dilation: dilation, padding: Padding(top: side, left: side, bottom: side, right: side))
    }

    /// Random weights of variance 1 / fan-in with a bias; outputs come first in `dimensions`.
    private func filter(_ dimensions: [Int]) throws(GraphError) -> Filter {
        guard (1...4096).contains(kernel) else { throw .attribute("--kernel is \(kernel), expected 1 to 4096") }
        guard let outputs = dimensions.first, (1...1 << 20).contains(outputs) else {
            throw .attribute("--out-channels is \(dimensions.first ?? 0), expected 1 to 2^20")
        }
        var count = 1
        for dimension in dimensions {
            let (next, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow, next <= OpRequest.largest else { throw .weights("\(name): weights of \(dimensions) are too large to be measured") }
            count = next
        }
        let scale = (3 / Float(max(1, count / outputs))).squareRoot()
        guard let constant = Constant(name: "weight", dimensions: dimensions, values: OpRequest.noise(count, seed: 5).map { $0 * scale }) else {
            throw .weights("\(name): weights of \(dimensions) cannot be made")
        }
        return Filter(constant, bias: OpRequest.noise(outputs, seed: 6))
    }

    private func activation() throws(GraphError) -> ActivationFunction {
        let known: [(String, ActivationFunction)] = [
            ("relu", .relu), ("relu6", .relu6), ("leaky_relu", .leakyReLU(slope: 0.01)), ("gelu", .gelu), ("silu", .silu), ("sigmoid", .sigmoid),
            ("hard_swish", .hardSwish), ("hard_sigmoid", .hardSigmoid), ("tanh", .tanh),
        ]
        guard let found = known.first(where: { $0.0 == function }) else {
            throw .attribute("--function \"\(function.prefix(40))\" is unknown (expected \(known.map(\.0).joined(separator: ", ")))")
        }
        return found.1
    }

    private func interpolation() throws(GraphError) -> Resize.Method {
        switch method {
        case "nearest": .nearest
        case "bilinear": .bilinear
        case "bicubic": .bicubic
        default: throw .attribute("--method \"\(method.prefix(40))\" is unknown (expected nearest, bilinear, bicubic)")
        }
    }
}

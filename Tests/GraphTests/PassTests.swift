import Testing

import OpsinGraph

@Suite struct PassTests {
    func filter(_ dimensions: [Int], bias: Bool = false) throws -> Filter {
        let count = dimensions.reduce(1, *)
        let constant = try #require(Constant(name: "w", dimensions: dimensions, values: (0..<count).map { Float($0 % 7) - 3 }))
        return Filter(constant, bias: bias ? (0..<dimensions[0]).map { Float($0) } : nil)
    }

    func norm(_ channels: Int) throws -> Op {
        let ramp = (0..<channels).map { Float($0 + 1) }
        return .batchNorm(try BatchNorm(weight: ramp, bias: ramp, mean: ramp, variance: ramp, epsilon: 1e-5))
    }

    func pointwise(_ input: Int, _ output: Int, bias: Bool = false) throws -> Op {
        .conv2D(try Conv2D(window: SlidingWindow(1), inputChannels: input, outputChannels: output, filter: filter([output, input, 1, 1], bias: bias)))
    }

    @Test func aBottleneckBecomesThreeOps() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 8, w: 8, c: 4))
        var y = try graph.append(pointwise(4, 8), [x], name: "expand")
        y = try graph.append(norm(8), [y], name: "bn1")
        y = try graph.append(.activation(Activation(.relu6)), [y], name: "act1")
        let depthwise = try DepthwiseConv2D(window: SlidingWindow(3, padding: .symmetric(kernel: 3)), channels: 8, filter: filter([8, 1, 3, 3]))
        y = try graph.append(.depthwiseConv2D(depthwise), [y], name: "dw")
        y = try graph.append(norm(8), [y], name: "bn2")
        y = try graph.append(.activation(Activation(.relu6)), [y], name: "act2")
        y = try graph.append(pointwise(8, 4), [y], name: "project")
        y = try graph.append(norm(4), [y], name: "bn3")
        y = try graph.append(.layerScale(LayerScale(gamma: [1, 2, 3, 4])), [y], name: "gamma")
        y = try graph.append(.add(Add()), [x, y], name: "add")
        graph.output("y", y, layout: .nchw)

        let optimized = graph.optimized()
        #expect(optimized.nodes.map(\.name) == ["expand", "dw", "project"])
        #expect(
            optimized.nodes.map { $0.op.weighted?.epilogue } == [
                Epilogue(activation: .relu6), Epilogue(activation: .relu6), Epilogue(residual: .afterActivation),
            ])
        #expect(optimized.nodes[2].inputs.last == x)
        #expect(optimized.nodes[2].output == y)
    }

    @Test func aResNetBlockAddsBeforeItsActivation() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 8, w: 8, c: 4))
        var y = try graph.append(pointwise(4, 4), [x], name: "conv")
        y = try graph.append(.add(Add()), [y, x], name: "add")
        y = try graph.append(.activation(Activation(.relu)), [y], name: "relu")
        graph.output("y", y, layout: .nchw)
        let optimized = graph.optimized()
        #expect(optimized.nodes.count == 1)
        #expect(optimized.nodes.first?.op.weighted?.epilogue == Epilogue(activation: .relu, residual: .beforeActivation))
    }

    /// Mean, two layers and a product before a projection with a residual: two ops for a GPU, unless somebody reads what is between.
    @Test(arguments: [nil, "mean", "squeezed", "gate", "product"])
    func aSqueezeAndExcitationBlockBecomesTwoOps(_ exposed: String?) throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 2, h: 4, w: 4, c: 8)), shortcut = graph.input("shortcut", shape: try Shape(n: 2, h: 4, w: 4, c: 4))
        let mean = try graph.append(.globalAveragePool(GlobalAveragePool()), [x], name: "mean")
        let squeezed = try graph.append(.activation(Activation(.silu)), [graph.append(pointwise(8, 2), [mean], name: "reduce")], name: "silu")
        let gate = try graph.append(.activation(Activation(.sigmoid)), [graph.append(pointwise(2, 8), [squeezed], name: "expand")], name: "sigmoid")
        let product = try graph.append(.multiply(Multiply()), [x, gate], name: "multiply")
        let y = try graph.append(.add(Add()), [graph.append(pointwise(8, 4), [product], name: "project"), shortcut], name: "add")
        graph.output("y", y, layout: .nchw)
        for (name, value) in [("mean", mean), ("squeezed", squeezed), ("gate", gate), ("product", product)] { graph.endpoint(name, value) }
        let plain = graph.exposing(exposed.map { [$0] } ?? []).graph.optimized(), fused = plain.fusedForGPU { _, _ in false }
        #expect(plain.nodes.map(\.op.name) == ["GlobalAveragePool", "Conv2D", "Conv2D", "Multiply", "Conv2D"])
        switch exposed {
        case nil:
            #expect(fused.nodes.map(\.name) == ["mean", "multiply"] && fused.nodes.map(\.op.name) == ["SqueezeExcitation", "Conv2D"])
            #expect(fused.nodes[1].inputs == [x, gate, shortcut] && fused.nodes[1].output.shape == y.shape)
        case "gate": #expect(fused.nodes.map(\.op.name) == ["SqueezeExcitation", "Conv2D"])
        case "product": #expect(fused.nodes.map(\.op.name) == ["SqueezeExcitation", "Multiply", "Conv2D"])
        default: #expect(fused.nodes.map(\.op.name) == ["GlobalAveragePool", "Conv2D", "Conv2D", "Conv2D"])
        }
    }

    /// Only where the caller says that it pays, where nobody else reads the map between, and where the residual exists by then.
    @Test func depthwiseAndPointwiseBecomeOneOp() throws {
        func fused(residualFirst: Bool, exposed: Bool, pays: Bool) throws -> [String] {
            var graph = Graph()
            let x = graph.input("x", shape: try Shape(n: 1, h: 8, w: 8, c: 8))
            let depthwise = try DepthwiseConv2D(window: SlidingWindow(3, padding: .symmetric(kernel: 3)), channels: 8, filter: filter([8, 1, 3, 3]))
            let early = residualFirst ? try graph.append(.softmax(Softmax()), [x], name: "residual") : x
            let between = try graph.append(.depthwiseConv2D(depthwise), [x], name: "dw")
            let residual = residualFirst ? early : try graph.append(.softmax(Softmax()), [x], name: "residual")
            let conv = try Conv2D(
                window: SlidingWindow(1), inputChannels: 8, outputChannels: 8, filter: filter([8, 8, 1, 1]), epilogue: Epilogue(residual: .afterActivation))
            graph.output("y", try graph.append(.conv2D(conv), [between, residual], name: "pw"), layout: .nchw)
            if exposed { graph.output("between", between, layout: .nchw) }
            return graph.fusedForGPU { op, y in pays && op.pointwise.outputChannels == y.c }.nodes.map { "\($0.name) \($0.op.name)" }
        }
        #expect(try fused(residualFirst: true, exposed: false, pays: true) == ["residual Softmax", "dw DepthwisePointwise"])
        #expect(try fused(residualFirst: true, exposed: false, pays: false).count == 3)
        #expect(try fused(residualFirst: true, exposed: true, pays: true).count == 3)
        #expect(try fused(residualFirst: false, exposed: false, pays: true).count == 3)
    }

    @Test func anExposedValueIsNotFusedAway() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 8, w: 8, c: 4))
        let raw = try graph.append(pointwise(4, 8), [x], name: "conv")
        graph.endpoint("conv", raw)
        let y = try graph.append(norm(8), [raw], name: "bn")
        graph.output("y", y, layout: .nchw)
        #expect(graph.optimized().nodes.count == 1)
        let (exposed, unknown) = graph.exposing(["conv", "nowhere"])
        #expect(unknown == ["nowhere"])
        #expect(exposed.optimized().nodes.count == 2)
    }

    @Test func aNormBeforePointwiseLayersFoldsForward() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 2, w: 2, c: 3))
        let normed = try graph.append(norm(3), [x], name: "norm")
        let a = try graph.append(pointwise(3, 2, bias: true), [normed], name: "a")
        let b = try graph.append(pointwise(3, 5), [normed], name: "b")
        graph.output("a", a, layout: .nchw)
        graph.output("b", b, layout: .nchw)
        let optimized = graph.optimized()
        #expect(optimized.nodes.map(\.name) == ["a", "b"])
        #expect(optimized.nodes.allSatisfy { $0.inputs == [x] })
        // W (s x + t) + b at x = 0 is the new bias: W t + b, with W = [-3 -2 -1; 0 1 2], b = [0 1].
        guard case .batchNorm(let statistics) = graph.nodes[0].op, let bias = optimized.nodes[0].op.weighted?.filter.bias else {
            Issue.record("no norm or no bias")
            return
        }
        let t = statistics.shift
        #expect(abs(bias[0] - (-3 * t[0] - 2 * t[1] - t[2])) < 1e-5)
        #expect(abs(bias[1] - (1 + t[1] + 2 * t[2])) < 1e-5)
    }

    @Test func aNormBeforeAPaddedConvolutionStays() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 8, w: 8, c: 4))
        let normed = try graph.append(norm(4), [x], name: "norm")
        let depthwise = try DepthwiseConv2D(window: SlidingWindow(3, stride: 2, padding: .symmetric(kernel: 3)), channels: 4, filter: filter([4, 1, 3, 3]))
        let y = try graph.append(.depthwiseConv2D(depthwise), [normed], name: "dw")
        let q = try graph.append(pointwise(4, 4), [normed], name: "query")
        graph.output("y", y, layout: .nchw)
        graph.output("q", q, layout: .nchw)
        #expect(graph.optimized().nodes.map(\.name) == ["norm", "dw", "query"])
    }

    @Test func whatNobodyReadsIsNotPlanned() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 8, w: 8, c: 4))
        let y = try graph.append(pointwise(4, 8), [x], name: "used")
        let unused = try graph.append(pointwise(8, 8), [y], name: "unused")
        _ = try graph.append(.activation(Activation(.relu)), [unused], name: "unused too")
        graph.output("y", y, layout: .nchw)
        #expect(graph.optimized().nodes.map(\.name) == ["used"])
    }

    /// One factor and one summand for all channels, as HGNetV2's affine block has them.
    func affine(_ channels: Int, scale: Float, shift: Float) throws -> Op {
        func all(_ value: Float) -> [Float] { [Float](repeating: value, count: channels) }
        return .batchNorm(try BatchNorm(weight: all(scale), bias: all(shift), mean: all(0), variance: all(1), epsilon: 0))
    }

    /// `conv -> norm -> ReLU -> affine -> conv 3x3` is two convolutions: the affine's shift must not go into the second one, whose zeros do not see it.
    @Test(arguments: [Float(0.5), -2])
    func anAffineBehindAReLUFoldsIntoTheLayerBeforeIt(scale: Float) throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 5, w: 5, c: 3))
        var y = try graph.append(pointwise(3, 4, bias: true), [x], name: "first")
        y = try graph.append(norm(4), [y], name: "bn")
        y = try graph.append(.activation(Activation(.relu)), [y], name: "relu")
        y = try graph.append(affine(4, scale: scale, shift: -0.75), [y], name: "affine")
        let second = try Conv2D(window: SlidingWindow(3, padding: .symmetric(kernel: 3)), inputChannels: 4, outputChannels: 2, filter: filter([2, 4, 3, 3]))
        y = try graph.append(.conv2D(second), [y], name: "second")
        graph.output("y", y, layout: .nchw)
        let optimized = graph.optimized()
        #expect(optimized.nodes.map(\.name) == ["first", "second"])
        let weighted = try #require(optimized.nodes[0].op.weighted)
        #expect(weighted.epilogue == Epilogue(activation: scale > 0 ? .atLeast(-0.75) : .atMost(-0.75)))
        #expect(weighted.filter.outputScale?.count == 4)
        #expect(optimized.nodes[1].op.weighted?.filter.inputScale == nil)
    }

    @Test func anAffineOfMixedSignsStays() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 5, w: 5, c: 2))
        var y = try graph.append(pointwise(2, 2), [x], name: "conv")
        y = try graph.append(.activation(Activation(.relu)), [y], name: "relu")
        let mixed = try BatchNorm(weight: [1, -1], bias: [2, 2], mean: [0, 0], variance: [1, 1], epsilon: 0)
        y = try graph.append(.batchNorm(mixed), [y], name: "affine")
        graph.output("y", y, layout: .nchw)
        #expect(graph.optimized().nodes.count == 2)
    }

    /// RepVGG's block: a 3x3 and a 1x1 convolution of one map, each with its norm, added, then an activation.
    @Test func parallelConvolutionsBecomeOne() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 5, w: 5, c: 2))
        let wide = try Conv2D(window: SlidingWindow(3, padding: .symmetric(kernel: 3)), inputChannels: 2, outputChannels: 2, filter: filter([2, 2, 3, 3]))
        var a = try graph.append(.conv2D(wide), [x], name: "wide")
        a = try graph.append(norm(2), [a], name: "wide.bn")
        var b = try graph.append(pointwise(2, 2, bias: true), [x], name: "narrow")
        b = try graph.append(norm(2), [b], name: "narrow.bn")
        var y = try graph.append(.add(Add()), [a, b], name: "add")
        y = try graph.append(.activation(Activation(.silu)), [y], name: "silu")
        graph.output("y", y, layout: .nchw)
        let optimized = graph.optimized()
        let node = try #require(optimized.nodes.first)
        guard case .conv2D(let merged) = node.op, optimized.nodes.count == 1 else {
            Issue.record("\(optimized.nodes.map(\.name)) is not one convolution")
            return
        }
        #expect(merged.epilogue == Epilogue(activation: .silu) && merged.window.height == 3)
        // weight / sqrt(variance + epsilon) with weight = variance = mean = bias = 1, 2 a channel (`norm`); stored weights are -3...3 in turn (`filter`).
        let scale = (1...2).map { Float($0) / (Float($0) + 1e-5).squareRoot() }
        let stored = (0..<36).map { Float($0 % 7) - 3 }, point = (0..<4).map { Float($0 % 7) - 3 }
        for output in 0..<2 {
            for input in 0..<2 {
                for tap in 0..<9 {
                    let want = (stored[(output * 2 + input) * 9 + tap] + (tap == 4 ? point[output * 2 + input] : 0)) * scale[output]
                    #expect(abs(merged.filter.constant.floats()[(output * 2 + input) * 9 + tap] - want) < 1e-5)
                }
            }
        }
        let merging = try #require(merged.filter.bias)
        for (channel, bias) in merging.enumerated() {
            // `bias - mean * scale` of each norm; the narrow branch has a bias of its own, the channel's number.
            let ramp = Float(channel + 1)
            let want: Float = 2 * (ramp - ramp * scale[channel]) + Float(channel) * scale[channel]
            #expect(abs(bias - want) < 1e-5)
        }
    }

    @Test func convolutionsOfOtherStridesStayApart() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 1, c: 2))
        let strided = try Conv2D(
            window: SlidingWindow(3, stride: 2, padding: .symmetric(kernel: 3)), inputChannels: 2, outputChannels: 2, filter: filter([2, 2, 3, 3]))
        let a = try graph.append(.conv2D(strided), [x], name: "strided"), b = try graph.append(pointwise(2, 2), [x], name: "narrow")
        graph.output("y", try graph.append(.add(Add()), [a, b], name: "add"), layout: .nchw)
        #expect(graph.optimized().nodes.count == 2)
    }
}

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
}

import OpsinCPU
import OpsinGraph
import OpsinVulkan
import Testing

/// What a GPU computes in one dispatch of several nodes, against the CPU, which computes node by node.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct JoinedNodesTests {
    let ops = OpsOnVulkanTests()
    static let gpu = Result { try VulkanHere.gpu() }

    /// Both backends, both storages; `kernels` are the beginnings of the names of what a GPU runs.
    func agree(_ graph: Graph, _ kernels: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let device = try Self.gpu.get()
        let inputs = graph.inputs.enumerated().map { index, port in ops.numbers(port.value.shape.count, seed: index + 1).map { Float(Float16($0)) } }
        let want = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()).run(inputs)[0], largest = want.map(abs).max() ?? 0
        #expect(largest > 0 && want.contains { $0 != want[0] }, sourceLocation: sourceLocation)
        for storage in Storage.allCases where storage == .f32 || device.features.fp16 {
            let plan = try VulkanPlan(graph, on: device, storage: storage), ran = plan.reports.map(\.kernel)
            #expect(ran.count == kernels.count && zip(ran, kernels).allSatisfy { $0.hasPrefix($1) }, "\(ran)", sourceLocation: sourceLocation)
            let got = try plan.run(inputs)[0], tolerance = (storage == .f32 ? 1e-5 : 4e-3) * largest
            let worst = want.indices.first { !(abs(got[$0] - want[$0]) <= tolerance) }
            if let worst {
                Issue.record("\(storage): element \(worst) is \(got[worst]), expected \(want[worst])", sourceLocation: sourceLocation)
            }
            // A second run finds counters as the first one did.
            #expect(try plan.run(inputs)[0] == got, sourceLocation: sourceLocation)
        }
    }

    func pointwise(_ inputs: Int, _ outputs: Int, _ activation: ActivationFunction, seed: Int = 5) throws -> Conv2D {
        try Conv2D(
            window: SlidingWindow(1), inputChannels: inputs, outputChannels: outputs, filter: ops.filter([outputs, inputs, 1, 1], bias: outputs, seed: seed),
            epilogue: Epilogue(activation: activation))
    }

    /// `(images, height, width, inputs, channels, kernel, stride)`: one pixel, no whole quads, both steps, several tiles. Beyond the image is 0, not the SiLU of
    /// a bias.
    @Test(arguments: [(1, 9, 11, 5, 35, 3, 1), (2, 14, 13, 8, 64, 5, 2), (1, 1, 1, 4, 4, 3, 1), (1, 17, 16, 24, 40, 3, 2)])
    func expandAndDepthwise(_ s: (Int, Int, Int, Int, Int, Int, Int)) throws {
        let (images, height, width, inputs, channels, kernel, stride) = s
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: images, h: height, w: width, c: inputs))
        let expanded = try graph.append(.conv2D(pointwise(inputs, channels, .silu)), [x], name: "expand")
        var depthwise = try DepthwiseConv2D(
            window: SlidingWindow(kernel, stride: stride, padding: .symmetric(kernel: kernel)), channels: channels,
            filter: ops.filter([channels, 1, kernel, kernel], bias: channels))
        depthwise.epilogue = Epilogue(activation: .relu6)
        graph.output("y", try graph.append(.depthwiseConv2D(depthwise), [expanded], name: "depthwise"), layout: .nhwc)
        try agree(graph, ["depthwise_staged"])
    }

    /// What somebody else reads, too, is computed for both.
    @Test func anExpansionWithOtherReadersStays() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 6, w: 6, c: 8))
        let expanded = try graph.append(.conv2D(pointwise(8, 16, .relu)), [x], name: "expand")
        let depthwise = try DepthwiseConv2D(
            window: SlidingWindow(3, padding: .symmetric(kernel: 3)), channels: 16, filter: ops.filter([16, 1, 3, 3], bias: nil))
        let y = try graph.append(.depthwiseConv2D(depthwise), [expanded], name: "depthwise")
        graph.output("y", try graph.append(.add(Add()), [y, expanded], name: "add"), layout: .nhwc)
        try agree(graph, ["conv2d_tiled", "depthwise_conv2d", "binary"])
    }

    /// `(images, side, channels, outputs, whether a norm is between)`: one pixel, no whole quads, more channels than threads, more outputs than a workgroup
    /// makes.
    @Test(arguments: [(1, 7, 64, 10, true), (2, 3, 35, 33, false), (3, 1, 5, 4, true), (1, 7, 961, 130, true), (2, 4, 1100, 37, false)])
    func meanAndLayer(_ s: (Int, Int, Int, Int, Bool)) throws {
        let (images, side, channels, outputs, isNormed) = s
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: images, h: side, w: side, c: channels))
        var y = try graph.append(.globalAveragePool(GlobalAveragePool()), [x], name: "mean")
        if isNormed {
            let norm = try LayerNorm(weight: ops.numbers(channels, seed: 3), bias: ops.numbers(channels, seed: 4), epsilon: 1e-5)
            y = try graph.append(.layerNorm(norm), [y], name: "norm")
        }
        y = try graph.append(.conv2D(pointwise(channels, outputs, .hardSwish)), [y], name: "layer")
        graph.output("y", y, layout: .nhwc)
        try agree(graph, ["pooled_layer"])
    }

    /// A pool is a depthwise convolution with equal weights where each of its windows has as many pixels.
    @Test(arguments: [false, true])
    func poolAndPointwise(_ isPadded: Bool) throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 2, h: 9, w: 10, c: 12))
        let window = try SlidingWindow(isPadded ? 3 : 2, stride: 2, padding: isPadded ? .symmetric(kernel: 3) : Padding())
        let mean = try graph.append(.averagePool2D(AveragePool2D(window: window, countIncludesPadding: false)), [x], name: "pool")
        graph.output("y", try graph.append(.conv2D(pointwise(12, 20, .identity)), [mean], name: "layer"), layout: .nhwc)
        try agree(graph, isPadded ? ["pool", "conv2d_tiled"] : ["depthwise_pointwise"])
    }

    /// Two to four maps are one dispatch, in quads and not, along every axis; five are five.
    @Test(arguments: [([8, 4], 1), ([3, 5, 1], 1), ([4, 8, 12, 16], 1), ([2, 1, 3, 5], 1), ([1, 2, 3, 4, 5], 5)], [Axis.c, .w, .h])
    func concatenations(_ s: ([Int], Int), along axis: Axis) throws {
        var graph = Graph()
        let whole = try Shape(n: 1, h: 3, w: 5, c: 4)
        let maps = try s.0.enumerated().map { graph.input("x\($0)", shape: try whole.replacing(axis, by: $1)) }
        graph.output("y", try graph.append(.concat(Concat(axis: axis)), maps, name: "concat"), layout: .nhwc)
        try agree(graph, [String](repeating: s.1 == 1 ? "concat" : "copy_rows", count: s.1))
    }
}

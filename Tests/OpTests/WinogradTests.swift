import OpsinCPU
import OpsinGraph
import Testing

/// Convolutions that the CPU transforms (the 3x3 ones at step 1 that are large enough), within the bounds of every other convolution.
@Suite struct WinogradTests {
    static let ways = Way.all.filter { $0.vulkan == nil && $0.precision == .fp32 }

    /// Maps that tiles of 4 x 4 overhang by nought to three rows; channels of part of a vector and of several chains; batches; strips of more than one thread.
    @Test(arguments: ways, [(1, 8, 8, 8, 8), (2, 10, 11, 17, 33), (1, 11, 12, 70, 19), (1, 16, 15, 16, 65), (3, 7, 8, 24, 16)])
    func maps(_ way: Way, _ size: (n: Int, h: Int, w: Int, c: Int, outputs: Int)) throws {
        let window = try SlidingWindow(3, padding: .symmetric(kernel: 3)), x = try Shape(n: size.n, h: size.h, w: size.w, c: size.c)
        try Conv2DTests().check(way, x, outputs: size.outputs, window)
    }

    @Test(arguments: ways)
    func paddings(_ way: Way) throws {
        for padding in [Padding(), Padding(top: 2, left: 2, bottom: 2, right: 2), Padding(top: 2, left: 0, bottom: 0, right: 1), Padding(left: 1, bottom: 2)] {
            try Conv2DTests().check(way, Shape(n: 2, h: 14, w: 13, c: 12), outputs: 20, SlidingWindow(3, padding: padding))
        }
    }

    @Test(arguments: ways, everyActivation)
    func epilogues(_ way: Way, _ function: ActivationFunction) throws {
        let window = try SlidingWindow(3, padding: .symmetric(kernel: 3))
        for residual in [Epilogue.Residual.none, .afterActivation, .beforeActivation] {
            try Conv2DTests().check(
                way, Shape(n: 1, h: 8, w: 11, c: 9), outputs: 21, window, epilogue: Epilogue(activation: function, residual: residual))
        }
    }

    @Test(arguments: ways, [ConstantType.float32, .float16, .bfloat16])
    func storedTypesAndScales(_ way: Way, _ type: ConstantType) throws {
        for layout in [Filter.Layout.outputFirst, .outputLast] {
            let window = try SlidingWindow(3, padding: .symmetric(kernel: 3))
            try Conv2DTests().check(way, Shape(n: 1, h: 8, w: 8, c: 11), outputs: 18, window, type: type, layout: layout, scales: true, bias: false)
        }
    }

    /// The rule: another window, a step, few channels, padding by two, a map that tiles overhang by too much, weights that come from memory for four tiles.
    @Test(arguments: [
        (56, 64, 64, 3, 1, 1, true), (20, 16, 16, 3, 1, 1, true), (7, 64, 64, 3, 1, 1, true), (16, 256, 512, 3, 1, 1, true), (56, 64, 64, 3, 2, 1, false),
        (56, 64, 64, 3, 1, 2, false), (56, 64, 64, 5, 1, 1, false), (56, 3, 64, 3, 1, 1, false), (5, 64, 64, 3, 1, 1, false), (8, 512, 512, 3, 1, 1, false),
    ])
    func takesWhatPays(_ row: (side: Int, inputs: Int, outputs: Int, kernel: Int, stride: Int, dilation: Int, pays: Bool)) throws {
        let window = try SlidingWindow(
            row.kernel, stride: row.stride, dilation: row.dilation, padding: .symmetric(kernel: row.kernel, dilation: row.dilation))
        let count = row.outputs * row.inputs * row.kernel * row.kernel
        let (constant, _) = try stored([Float](repeating: 0, count: count), [row.outputs, row.inputs, row.kernel, row.kernel], .float32)
        let convolution = try Conv2D(window: window, inputChannels: row.inputs, outputChannels: row.outputs, filter: Filter(constant, layout: .outputFirst))
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: row.side, w: row.side, c: row.inputs))
        graph.output("y", try graph.append(.conv2D(convolution), [x], name: "node"), layout: .nhwc)
        let plan = try CPUPlan(graph, team: CPUTeam(threads: 2), weights: PackedWeights())
        #expect(plan.reports[0].kernel.hasPrefix("winograd") == row.pays)
    }
}

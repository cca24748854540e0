import OpsinCPU
import OpsinGraph
import Testing

@Suite struct ExpandDepthwiseTests {
    /// An expansion and a depthwise convolution; with `exposed` the expanded tensor is an output too, so that the two run apart.
    static func graph(_ x: Shape, expanded: Int, kernel: Int, stride: Int, padding: Padding, exposed: Bool) throws -> Graph {
        var graph = Graph()
        let input = graph.input("x", shape: x)
        let weights = try #require(Constant(name: "e", dimensions: [1, 1, x.c, expanded], values: numbers(x.c * expanded, seed: 2, scale: 0.5)))
        let taps = try #require(Constant(name: "d", dimensions: [expanded, 1, kernel, kernel], values: numbers(expanded * kernel * kernel, seed: 3)))
        let expand = try Conv2D(
            window: SlidingWindow(1), inputChannels: x.c, outputChannels: expanded,
            filter: Filter(weights, layout: .outputLast, bias: numbers(expanded, seed: 4)), epilogue: Epilogue(activation: .relu))
        let y = try graph.append(.conv2D(expand), [input], name: "expand")
        let depthwise = try DepthwiseConv2D(
            window: SlidingWindow(kernel, stride: stride, padding: padding), channels: expanded, filter: Filter(taps, bias: numbers(expanded, seed: 5)),
            epilogue: Epilogue(activation: .relu6))
        graph.output("y", try graph.append(.depthwiseConv2D(depthwise), [y], name: "depthwise"), layout: .nhwc)
        if exposed { graph.output("expanded", y, layout: .nhwc) }
        return graph
    }

    /// The same numbers as the two ops apart, to the last bit: strips change no sum. Each map is above the size from which they run as one.
    @Test(arguments: [
        (1, 64, 67, 12, 256, 3, 1, Padding.symmetric(kernel: 3)), (2, 64, 64, 5, 260, 3, 2, Padding(bottom: 1, right: 1)),
        (1, 41, 300, 3, 96, 5, 2, Padding.symmetric(kernel: 5)), (1, 96, 97, 4, 128, 3, 1, Padding.none),
        // Rows so wide that the channels are cut too.
        (1, 9, 600, 4, 256, 3, 1, Padding.symmetric(kernel: 3)), (1, 17, 512, 4, 384, 3, 2, Padding(bottom: 1, right: 1)),
    ])
    func equalsTheTwoOps(n: Int, h: Int, w: Int, c: Int, expanded: Int, kernel: Int, stride: Int, padding: Padding) throws {
        let shape = try Shape(n: n, h: h, w: w, c: c), x = numbers(shape.count, seed: 1)
        for isa in Backend.isas {
            for threads in isa == Backend.isas.last ? [1, 3] : [2] {
                func run(exposed: Bool) throws -> (steps: Int, arena: Int, y: [Float]) {
                    let graph = try Self.graph(shape, expanded: expanded, kernel: kernel, stride: stride, padding: padding, exposed: exposed)
                    let plan = try CPUPlan(graph, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: isa)
                    plan.poison()
                    return (plan.reports.count, plan.arenaBytes, try plan.run([x])[0])
                }
                let apart = try run(exposed: true), together = try run(exposed: false)
                #expect(apart.steps == 2 && together.steps == 1 && together.arena < apart.arena)
                #expect(apart.y == together.y, "\(isa.rawValue), \(threads) threads")
                #expect(together.y.contains { $0 != together.y[0] })
            }
        }
    }

    @Test func smallMapsRunApart() throws {
        let graph = try Self.graph(Shape(n: 1, h: 14, w: 14, c: 8), expanded: 32, kernel: 3, stride: 1, padding: .symmetric(kernel: 3), exposed: false)
        #expect(ExpandDepthwise.groups(graph, isa: .generic, precision: .fp32) == [[0], [1]])
    }
}

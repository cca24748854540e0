import OpsinCPU
import OpsinGraph
import Testing

@Suite struct RowChainTests {
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

    /// A stem, a depthwise convolution, an expansion, a depthwise convolution and a projection with a residual, one after the other; with `exposed` the maps
    /// between them are outputs too.
    static func longGraph(_ x: Shape, exposed: Bool) throws -> Graph {
        var graph = Graph()
        var y = graph.input("x", shape: x)
        func conv(_ kernel: Int, _ stride: Int, _ outputs: Int, _ residual: Value? = nil) throws -> Value {
            let name = "conv \(kernel) to \(outputs)", inputs = y.shape.c
            let values = numbers(kernel * kernel * inputs * outputs, seed: UInt64(outputs), scale: 0.3)
            let weights = try #require(Constant(name: name, dimensions: [kernel, kernel, inputs, outputs], values: values))
            let op = try Conv2D(
                window: SlidingWindow(kernel, stride: stride, padding: .symmetric(kernel: kernel)), inputChannels: inputs, outputChannels: outputs,
                filter: Filter(weights, layout: .outputLast, bias: numbers(outputs, seed: 4)),
                epilogue: Epilogue(activation: .relu, residual: residual == nil ? .none : .afterActivation))
            return try graph.append(.conv2D(op), [y] + (residual.map { [$0] } ?? []), name: name)
        }
        func depthwise(_ kernel: Int, _ stride: Int) throws -> Value {
            let name = "depthwise \(kernel)", c = y.shape.c
            let taps = try #require(Constant(name: name, dimensions: [c, 1, kernel, kernel], values: numbers(c * kernel * kernel, seed: 3)))
            let op = try DepthwiseConv2D(
                window: SlidingWindow(kernel, stride: stride, padding: .symmetric(kernel: kernel)), channels: c,
                filter: Filter(taps, bias: numbers(c, seed: 5)), epilogue: Epilogue(activation: .relu6))
            return try graph.append(.depthwiseConv2D(op), [y], name: name)
        }
        func step(_ next: Value) {
            y = next
            if exposed { graph.output("\(y.index)", y, layout: .nhwc) }
        }
        step(try conv(3, 2, 32))
        step(try depthwise(3, 1))
        step(try conv(1, 1, 128))
        step(try depthwise(5, 2))
        let residual = graph.input("residual", shape: try y.shape.with(c: 24))
        graph.output("y", try conv(1, 1, 24, residual), layout: .nhwc)
        return graph
    }

    /// Five ops as one step give the same numbers as one by one, to the last bit.
    @Test(arguments: [(1, 193, 179), (2, 194, 188)])
    func equalsTheOpsOfALongChain(n: Int, h: Int, w: Int) throws {
        let shape = try Shape(n: n, h: h, w: w, c: 3), x = numbers(shape.count, seed: 1)
        for isa in Backend.isas {
            for threads in isa == Backend.isas.last ? [1, 3] : [2] {
                func run(exposed: Bool) throws -> (steps: Int, y: [Float]) {
                    let graph = try Self.longGraph(shape, exposed: exposed)
                    let plan = try CPUPlan(graph, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: isa)
                    plan.poison()
                    let residual = numbers(graph.inputs[1].value.shape.count, seed: 7)
                    return (plan.reports.count, try #require(try plan.run([x, residual]).last))
                }
                let apart = try run(exposed: true), together = try run(exposed: false)
                #expect(apart.steps == 5 && together.steps == 1)
                #expect(apart.y == together.y, "\(isa.rawValue), \(threads) threads")
                #expect(together.y.contains { $0 != together.y[0] })
            }
        }
    }

    @Test func smallMapsRunApart() throws {
        let graph = try Self.graph(Shape(n: 1, h: 14, w: 14, c: 8), expanded: 32, kernel: 3, stride: 1, padding: .symmetric(kernel: 3), exposed: false)
        #expect(RowChain.groups(graph, isa: .generic, precision: .fp32) == [[0], [1]])
    }
}

import CKernels
import OpsinCPU
import OpsinGraph
import Testing

/// Whole quantised graphs on the CPU. What each kernel of bytes gives, bit by bit, is checked in C (Tests/NeonTests/int8.c).
@Suite struct Int8Tests {
    /// Weights as whole numbers, a scale an output.
    func filter(_ name: String, _ dimensions: [Int], seed: UInt32) throws -> Filter {
        let outputs = dimensions[0], count = dimensions.reduce(1, *)
        let words = noise(count, seed: seed).map { Int8(($0 * 127).rounded()) }
        var packed: [Float] = []
        for start in stride(from: 0, to: count, by: 4) {
            var bits: UInt32 = 0
            for byte in 0..<4 where start + byte < count { bits |= UInt32(UInt8(bitPattern: words[start + byte])) << (8 * UInt32(byte)) }
            packed.append(Float(bitPattern: bits))
        }
        var filter = Filter(try #require(Constant(name: name, dimensions: dimensions, type: .int8, storage: ByteStorage(copying: packed), offset: 0)))
        let reach = Float(max(count / outputs, 1)).squareRoot() * 60
        filter.outputScale = noise(outputs, seed: seed + 1).map { (abs($0) + 0.2) / reach }
        filter.bias = noise(outputs, seed: seed + 2)
        return filter
    }

    /// A stem, an inverted bottleneck with its sum, a head: what MobileNets consist of.
    func network(_ activation: ActivationFunction, channels: Int = 20) throws -> Graph {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 2, h: 13, w: 11, c: 3))
        let window = try SlidingWindow(3, stride: 2, padding: .symmetric(kernel: 3))
        var stem = try Conv2D(window: window, inputChannels: 3, outputChannels: channels, filter: filter("stem", [channels, 3, 3, 3], seed: 3))
        stem.epilogue.activation = activation
        let a = try graph.append(.conv2D(stem), [x], name: "stem")
        var expand = try Conv2D(window: SlidingWindow(1), inputChannels: channels, outputChannels: 67, filter: filter("expand", [67, channels, 1, 1], seed: 6))
        expand.epilogue.activation = activation
        let b = try graph.append(.conv2D(expand), [a], name: "expand")
        var depthwise = try DepthwiseConv2D(
            window: SlidingWindow(3, padding: .symmetric(kernel: 3)), channels: 67, filter: filter("depthwise", [67, 1, 3, 3], seed: 9))
        depthwise.epilogue.activation = activation
        let c = try graph.append(.depthwiseConv2D(depthwise), [b], name: "depthwise")
        var project = try Conv2D(
            window: SlidingWindow(1), inputChannels: 67, outputChannels: channels, filter: filter("project", [channels, 67, 1, 1], seed: 12))
        project.epilogue.residual = .afterActivation
        let d = try graph.append(.conv2D(project), [c, a], name: "project")
        let sum = try graph.append(.add(Add(activation: .relu)), [d, a], name: "sum")
        let curve = try graph.append(.activation(Activation(.silu)), [sum], name: "curve")
        let mean = try graph.append(.globalAveragePool(GlobalAveragePool()), [curve], name: "mean")
        let head = try Linear(inputFeatures: channels, outputFeatures: 9, filter: filter("head", [9, channels], seed: 15))
        graph.output("y", try graph.append(.linear(head), [mean], name: "head"), layout: .nc)
        return graph
    }

    /// The graph on bytes, its ranges from an fp32 run.
    func quantized(_ graph: Graph, _ input: [Float]) throws -> Graph {
        let all = graph.givingEveryValue()
        let plan = try CPUPlan(all, team: CPUTeam(threads: 1), weights: PackedWeights())
        var ranges: [Int: Quantization] = [:]
        ranges[graph.inputs[0].value.index] = Quantization(covering: input.min() ?? 0, input.max() ?? 0)
        for (port, values) in zip(all.outputs, try plan.run([input])) {
            ranges[port.value.index] = Quantization(covering: values.min() ?? 0, values.max() ?? 0)
        }
        return QuantizeActivations.run(graph, ranges: { ranges[$0.index] }, form: { Op.int8Form($0, $1) })
    }

    @Test(arguments: [ActivationFunction.relu6, .relu, .identity, .hardSwish, .atMost(0.7)])
    func aNetworkOnBytesIsNearTheOneOnFloats(_ activation: ActivationFunction) throws {
        let graph = try network(activation), input = noise(graph.inputs[0].value.shape.count, seed: 21)
        let bytes = try quantized(graph, input)
        #expect(bytes.quantizationRefusals.isEmpty)
        #expect(bytes.nodes.map(\.op.name).filter { $0.hasSuffix("uantize") } == ["Quantize"], "only the input is converted")
        let want = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()).run([input])[0]
        let most = want.reduce(0) { max($0, abs($1)) }
        var first: [Float]?
        for isa in ISA.available {
            for threads in [1, 2] {
                let plan = try CPUPlan(bytes, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: isa, precision: .int8)
                plan.poison()
                let got = try plan.run([input])[0]
                #expect(plan.reports.allSatisfy { $0.kernel.hasPrefix("int8") }, "\(plan.reports.map(\.kernel))")
                for (a, b) in zip(got, want) { #expect(abs(a - b) <= 0.05 * most, "\(isa.rawValue): \(got) and \(want)") }
                // The table of a curve comes from the generic kernels, so all instruction sets give the same bits.
                if let first { #expect(got == first, "\(isa.rawValue), \(threads) threads") } else { first = got }
            }
        }
    }

    @Test func whatHasNoFormRunsInFloatsWithItsReason() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 4, w: 5, c: 8))
        var gelu = try Linear(inputFeatures: 8, outputFeatures: 8, filter: filter("gelu", [8, 8], seed: 3))
        gelu.epilogue.activation = .gelu
        let a = try graph.append(.linear(gelu), [x], name: "gelu")
        let b = try graph.append(.softmax(Softmax()), [a], name: "softmax")
        let plain = try #require(Constant(name: "floats", dimensions: [8, 8], values: noise(64)))
        let c = try graph.append(.linear(Linear(inputFeatures: 8, outputFeatures: 8, filter: Filter(plain))), [b], name: "floats")
        var norm = try filter("norm", [8, 8], seed: 9)
        norm.inputScale = noise(8)
        let d = try graph.append(.linear(Linear(inputFeatures: 8, outputFeatures: 8, filter: norm)), [c], name: "norm")
        let last = try Linear(inputFeatures: 8, outputFeatures: 3, filter: filter("last", [3, 8], seed: 12))
        graph.output("y", try graph.append(.linear(last), [d], name: "last"), layout: .nlc)
        let input = noise(160, seed: 2), bytes = try quantized(graph, input)
        #expect(
            bytes.quantizationRefusals.map { "\($0.node): \($0.reason)" } == [
                "gelu: its activation has no form in the product of bytes", "softmax: no form of bytes", "floats: its weights are stored as F32",
                "norm: a norm before it is folded into its weights, channel by channel",
            ])
        let want = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()).run([input])[0]
        let got = try CPUPlan(bytes, team: CPUTeam(threads: 2), weights: PackedWeights(), precision: .int8).run([input])[0]
        for (a, b) in zip(got, want) { #expect(abs(a - b) <= 0.03) }
    }

    /// A norm with a tiny factor leaves a channel its bias alone, which no 32-bit sum in its unit could hold.
    @Test func aChannelThatIsSwitchedOffKeepsItsBias() throws {
        var weights = try filter("w", [4, 4], seed: 3)
        weights.outputScale = [1e-12, 0, 0.01, 1e-30]
        weights.bias = [3, -2, 0, 0]
        let x = try #require(Quantization(scale: 0.02, zero: 10)), y = try #require(Quantization(scale: 0.05, zero: 128))
        let bytes = try Int8Weights(weights, outputs: 4, depth: 4, x: x, y: y)
        for (channel, bias) in [(0, 3.0), (1, -2.0)] {
            #expect(abs(Double(bytes.bias[channel]) * Double(bytes.scale[channel]) - bias / 0.05) < 1e-3)
            #expect(bytes.data[channel * 4..<channel * 4 + 4].allSatisfy { $0 == 0 })
        }
        #expect(bytes.data[8..<12].contains { $0 != 0 } && bytes.scale[2] > 0)
        weights.outputScale = [1e20, 1, 1, 1]
        #expect(throws: Int8Weights.Refusal.self) { try Int8Weights(weights, outputs: 4, depth: 4, x: x, y: y) }
        #expect(throws: Int8Weights.Refusal.self) { try Int8Weights(weights, outputs: 4, depth: 1 << 20, x: x, y: y) }
    }
}

import OpsinGraph
import Testing

/// Where a quantised graph is bytes, and what stands between the bytes and the rest.
@Suite struct QuantizeTests {
    func linear() throws -> Op {
        let constant = try #require(Constant(name: "w", dimensions: [4, 4], values: (0..<16).map { Float($0 % 5) - 2 }))
        return .linear(try Linear(inputFeatures: 4, outputFeatures: 4, filter: Filter(constant)))
    }

    /// `x -> a -> s (softmax) -> c -> d -> r (view)`, with a + d at the end.
    func graph() throws -> Graph {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 6, c: 4))
        let a = try graph.append(linear(), [x], name: "a")
        let s = try graph.append(.softmax(Softmax()), [a], name: "s")
        let c = try graph.append(linear(), [s], name: "c")
        let d = try graph.append(linear(), [c], name: "d")
        let sum = try graph.append(.add(Add()), [d, a], name: "sum")
        let r = try graph.append(.reshape(Reshape(to: Shape(n: 1, h: 2, w: 3, c: 4))), [sum], name: "r")
        graph.output("y", try graph.append(linear(), [r], name: "last"), layout: .nlc)
        return graph
    }

    /// Linear layers and sums have a form; `last` may end in floats.
    func form(_ node: Graph.Node, _ ranges: (Value) -> Quantization?) -> QuantizeActivations.Form {
        switch node.op {
        case .linear: .bytesOrFloats
        case .add: .bytes
        default: .refused("no form")
        }
    }

    func quantized(without missing: Set<String> = []) throws -> Graph {
        let source = try graph(), quantization = try #require(Quantization(scale: 0.1, zero: 7)), names = source.valueNames
        return QuantizeActivations.run(source, ranges: { missing.contains(names[$0.index]) ? nil : quantization }, form: form)
    }

    @Test func conversionsStandWhereBytesAndFloatsMeet() throws {
        let graph = try quantized()
        #expect(
            graph.nodes.map(\.op.name) == [
                "Quantize", "Linear", "Dequantize", "Softmax", "Quantize", "Linear", "Linear", "Add", "Reshape", "Linear",
            ])
        let bytes = graph.nodes.map { graph.quantizations[$0.output.index] != nil }
        #expect(bytes == [true, true, false, false, true, true, true, true, true, false])
        #expect(graph.quantizationRefusals == [QuantizationRefusal(node: "s", op: "Softmax", reason: "no form")])
        // Every reader of bytes meets bytes, every other floats.
        for node in graph.nodes where node.op.name == "Softmax" { #expect(graph.quantizations[node.inputs[0].index] == nil) }
        for node in graph.nodes where node.op.name == "Linear" || node.op.name == "Add" {
            #expect(node.inputs.allSatisfy { graph.quantizations[$0.index] != nil }, "\(node.name)")
        }
    }

    @Test func aValueWithoutRangeStaysFloat() throws {
        let graph = try quantized(without: ["d"])
        // d can end in floats, so it still runs on bytes; the sum cannot, for one of its inputs has no bytes.
        #expect(graph.quantizationRefusals.map(\.node) == ["s", "sum"])
        #expect(graph.quantizationRefusals.last?.reason == "no range is known for its input d")
        let sum = try #require(graph.nodes.first { $0.name == "sum" && $0.op.name == "Add" })
        #expect((sum.inputs + [sum.output]).allSatisfy { graph.quantizations[$0.index] == nil })
        let none = try quantized(without: ["x", "a", "s", "c", "d", "sum", "r"])
        #expect(none.quantizations.isEmpty && none.nodes.count == 7)
    }

    @Test func outputsStayFloats() throws {
        var source = try graph()
        source = source.givingEveryValue()
        let quantization = try #require(Quantization(scale: 0.1, zero: 7))
        let graph = QuantizeActivations.run(source, ranges: { _ in quantization }, form: form)
        #expect(graph.outputs.count == 7 && graph.outputs.allSatisfy { graph.quantizations[$0.value.index] == nil })
    }

    @Test func aMemoryPlanGivesBytesAQuarter() throws {
        let graph = try quantized()
        let widths = (0..<graph.valueCount).map { graph.quantizations[$0] == nil ? 4 : 1 }
        #expect(ActivationMemory(graph, elementBytes: widths).arenaBytes < ActivationMemory(graph).arenaBytes)
    }

    @Test func rangesBecomeStepsThatHoldZero() throws {
        for (low, high) in [(Float(-1), Float(1)), (0, 6), (2, 6), (-6, -2), (0, 0), (-1e-3, 100)] {
            let q = try #require(Quantization(covering: low, high))
            #expect(q.byte(0) == q.zero && q.byte(-1e9) == 0 && q.byte(1e9) == 255 && q.byte(.nan) == 0)
            for value in [low, high, (low + high) / 2] {
                let back = q.scale * Float(q.byte(value) - q.zero)
                #expect(abs(back - value) <= q.scale * 0.51 + 1e-6)
            }
        }
        #expect(Quantization(covering: 0, .infinity) == nil && Quantization(scale: 0, zero: 0) == nil && Quantization(scale: 1, zero: 256) == nil)
        #expect(Quantization(scale: .nan, zero: 0) == nil)
    }
}

import OpsinGraph
import Testing

/// Values that must stay in fp32: passes keep the wish, and a narrow backend gets conversions where widths meet.
@Suite struct WidthTests {
    func pointwise(_ channels: Int) throws -> Linear {
        let values = (0..<channels * channels).map { Float($0 % 5) - 2 }
        let constant = try #require(Constant(name: "w", dimensions: [channels, channels], values: values))
        return try Linear(inputFeatures: channels, outputFeatures: channels, filter: Filter(constant))
    }

    /// `x -> a -> b (wide) -> c`, and `b` read once more.
    func graph() throws -> (Graph, wide: Value) {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 6, c: 4))
        let a = try graph.append(.linear(pointwise(4)), [x], name: "a")
        let b = try graph.append(.softmax(Softmax()), [a], name: "b")
        graph.requireFloat32(b)
        let c = try graph.append(.maxPool2D(MaxPool2D(window: SlidingWindow(1))), [b], name: "c")
        let d = try graph.append(.averagePool2D(AveragePool2D(window: SlidingWindow(1), countIncludesPadding: false)), [b], name: "d")
        graph.output("c", c, layout: .nlc)
        graph.output("d", d, layout: .nlc)
        return (graph, b)
    }

    @Test func inFloat32NothingIsAdded() throws {
        let (graph, _) = try graph()
        let assigned = AssignWidths(graph, narrow: 4)
        #expect(assigned.graph.nodes.count == graph.nodes.count && Set(assigned.elementBytes) == [4])
    }

    @Test func opsAroundAWideValueRunWide() throws {
        let (graph, wide) = try graph()
        let assigned = AssignWidths(graph, narrow: 2)
        // a, its result widened, b, c in fp32 and narrowed, d the same.
        #expect(assigned.graph.nodes.map(\.op.name) == ["Linear", "Reshape", "Softmax", "MaxPool2D", "Reshape", "AveragePool2D", "Reshape"])
        #expect(assigned.graph.nodes.map { assigned.elementBytes[$0.output.index] } == [2, 4, 4, 4, 2, 4, 2])
        #expect(assigned.elementBytes[wide.index] == 4)
        for node in assigned.graph.nodes where !node.op.isView {
            #expect(node.inputs.allSatisfy { assigned.elementBytes[$0.index] == assigned.elementBytes[node.output.index] }, "\(node.name)")
        }
        // No two widths in one place, no place used twice at a time.
        let memory = ActivationMemory(assigned.graph, elementBytes: assigned.elementBytes)
        for node in assigned.graph.nodes where node.op.isView {
            #expect(memory.offsets[node.inputs[0].index] != memory.offsets[node.output.index])
        }
    }

    @Test func anInputThatIsAlwaysReadWideWidensNothingElse() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 6, c: 4)), positions = graph.input("p", shape: try Shape(n: 1, h: 1, w: 6, c: 4))
        graph.requireFloat32(positions)
        graph.output("y", try graph.append(.add(Add()), [x, positions], name: "sample"), layout: .nlc)
        let assigned = AssignWidths(graph, narrow: 2) { _ in [1] }
        #expect(assigned.graph.nodes.map(\.op.name) == ["Add"])
        #expect(assigned.elementBytes == [2, 4, 2])
        // A narrow value comes to it widened, once.
        var plain = Graph()
        let a = plain.input("a", shape: try Shape(n: 1, h: 1, w: 6, c: 4)), b = plain.input("b", shape: try Shape(n: 1, h: 1, w: 6, c: 4))
        let c = try plain.append(.add(Add()), [a, b], name: "one")
        plain.output("y", try plain.append(.add(Add()), [c, b], name: "two"), layout: .nlc)
        let widened = AssignWidths(plain, narrow: 2) { _ in [1] }
        #expect(widened.graph.nodes.map(\.op.name) == ["Reshape", "Add", "Add"])
        #expect(widened.graph.nodes[1].inputs[1] == widened.graph.nodes[2].inputs[1])
    }

    @Test func viewsAndSlicesOfWideValuesAreWide() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 6, c: 4))
        graph.requireFloat32(x)
        let view = try graph.append(.reshape(Reshape(to: Shape(n: 1, h: 2, w: 3, c: 4))), [x], name: "view")
        let part = try graph.append(.slice(Slice(axis: .h, start: 1, count: 1)), [view], name: "part")
        graph.output("y", part, layout: .nhwc)
        let assigned = AssignWidths(graph, narrow: 2)
        #expect(assigned.graph.nodes.count == 2 && assigned.elementBytes == [4, 4, 4])
    }

    @Test func passesKeepTheWish() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 6, c: 4))
        let a = try graph.append(.linear(pointwise(4)), [x], name: "a")
        graph.requireFloat32(a)
        let b = try graph.append(.activation(Activation(.sigmoid)), [a], name: "b")
        graph.output("b", b, layout: .nlc)
        let fused = graph.optimized()
        #expect(fused.nodes.count == 1 && fused.requiresFloat32(fused.nodes[0].output))
        // A norm whose result is wanted exactly is not folded into its readers.
        var normed = Graph()
        let y = normed.input("x", shape: try Shape(n: 1, h: 1, w: 6, c: 4)), ones = [Float](repeating: 1, count: 4)
        let n = try normed.append(.batchNorm(BatchNorm(weight: ones, bias: ones, mean: ones, variance: ones, epsilon: 0.1)), [y], name: "norm")
        normed.requireFloat32(n)
        normed.output("y", try normed.append(.linear(pointwise(4)), [n], name: "l"), layout: .nlc)
        #expect(normed.optimized().nodes.map(\.name) == ["norm", "l"])
    }
}

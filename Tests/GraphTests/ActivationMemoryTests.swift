import Testing

import OpsinGraph

@Suite struct ActivationMemoryTests {
    func chain() throws -> (Graph, [Value]) {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 4, w: 4, c: 16))
        let pooled = try graph.append(.maxPool2D(MaxPool2D(window: SlidingWindow(2, stride: 2))), [x], name: "pool")
        let relu = try graph.append(.activation(Activation(.relu)), [pooled], name: "relu")
        let flat = try graph.append(.reshape(Reshape(to: Shape(n: 1, h: 1, w: 4, c: 16))), [relu], name: "flat")
        let y = try graph.append(.softmax(Softmax()), [flat], name: "softmax")
        graph.output("y", y, layout: .nlc)
        return (graph, [x, pooled, relu, flat, y])
    }

    @Test func elementwiseOpsAndViewsShareTheirInputsBytes() throws {
        let (graph, values) = try chain()
        let memory = ActivationMemory(graph)
        let offsets = values.map { memory.offsets[$0.index] }
        #expect(offsets[1] == offsets[2])
        #expect(offsets[2] == offsets[3])
        #expect(offsets[3] == offsets[4])
        #expect(memory.arenaBytes == (256 + 64) * 4)
    }

    @Test func aValueThatIsReadLaterIsNotOverwritten() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 2, w: 2, c: 16))
        let a = try graph.append(.activation(Activation(.relu)), [x], name: "a")
        let b = try graph.append(.activation(Activation(.sigmoid)), [a], name: "b")
        let y = try graph.append(.multiply(Multiply()), [a, b], name: "y")
        graph.output("y", y, layout: .nchw)
        let memory = ActivationMemory(graph)
        #expect(memory.offsets[a.index] != memory.offsets[b.index])
        #expect(memory.offsets[y.index] == memory.offsets[a.index])
    }

    @Test func aValueThatIsReadThroughAViewIsNotOverwritten() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 2, w: 2, c: 16))
        let a = try graph.append(.activation(Activation(.relu)), [x], name: "a")
        let view = try graph.append(.reshape(Reshape(to: Shape(n: 1, h: 1, w: 4, c: 16))), [a], name: "view")
        let b = try graph.append(.activation(Activation(.sigmoid)), [a], name: "b")
        let c = try graph.append(.softmax(Softmax()), [view], name: "c")
        graph.output("b", b, layout: .nchw)
        graph.output("c", c, layout: .nlc)
        let memory = ActivationMemory(graph)
        #expect(memory.offsets[view.index] == memory.offsets[a.index])
        #expect(memory.offsets[b.index] != memory.offsets[a.index])
        #expect(memory.offsets[c.index] == memory.offsets[a.index])
    }

    @Test func outputsLiveUntilTheEnd() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 2, w: 2, c: 16))
        let early = try graph.append(.globalAveragePool(GlobalAveragePool()), [x], name: "early")
        var last = try graph.append(.maxPool2D(MaxPool2D(window: SlidingWindow(1))), [x], name: "copy")
        for index in 0..<5 { last = try graph.append(.maxPool2D(MaxPool2D(window: SlidingWindow(1))), [last], name: "copy\(index)") }
        graph.output("early", early, layout: .nc)
        graph.output("last", last, layout: .nchw)
        let memory = ActivationMemory(graph)
        for node in graph.nodes where node.output != early { #expect(memory.offsets[node.output.index] != memory.offsets[early.index]) }
    }

    @Test func whatStaysInsideAGroupHasNoMemory() throws {
        let (graph, values) = try chain()
        let memory = ActivationMemory(graph, groups: [[0, 1], [2], [3]])
        #expect(memory.offsets[values[1].index] == nil)
        #expect(memory.offsets[values[2].index] != nil)
    }

    @Test func constantsAndTheirViewsTakeNoMemoryAndAreNotOverwritten() throws {
        var graph = Graph()
        let row = try Shape(n: 1, h: 1, w: 4, c: 16), map = try Shape(n: 1, h: 2, w: 2, c: 16)
        let values = try #require(Constant(name: "positions", dimensions: [64], values: (0..<64).map(Float.init)))
        let constant = try graph.constant(values, shape: row)
        let view = try graph.append(.reshape(Reshape(to: map)), [constant], name: "view")
        let x = graph.input("x", shape: map)
        let relu = try graph.append(.activation(Activation(.relu)), [view], name: "relu")
        let y = try graph.append(.add(Add()), [relu, x], name: "y")
        graph.output("y", y, layout: .nchw)
        let memory = ActivationMemory(graph)
        #expect(memory.constants == [constant.index: 0, view.index: 0])
        #expect(memory.offsets[constant.index] == nil && memory.offsets[view.index] == nil)
        #expect(memory.offsets[relu.index] != nil)
        #expect(memory.arenaBytes == 2 * 64 * 4)
        #expect(throws: GraphError.self) { try graph.constant(values, shape: Shape(n: 1, h: 1, w: 3, c: 16)) }
    }

    @Test func constantsThatNobodyReadAreDropped() throws {
        var graph = Graph()
        let shape = try Shape(n: 1, h: 1, w: 1, c: 4)
        let values = try #require(Constant(name: "unread", dimensions: [4], values: [1, 2, 3, 4]))
        let kept = try graph.constant(values, shape: shape)
        _ = try graph.constant(values, shape: shape)
        graph.output("y", try graph.append(.activation(Activation(.relu)), [kept], name: "relu"), layout: .nc)
        #expect(EliminateDeadCode.run(graph).constants.map(\.value) == [kept])
    }
}

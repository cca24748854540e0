import OpsinGraph
import Testing

/// Values that lie inside of others: who may, and where their bytes are.
@Suite struct ChannelViewTests {
    func pointwise(_ inputs: Int, _ outputs: Int) throws -> Op {
        let weights = try #require(Constant(name: "k", dimensions: [outputs, inputs, 1, 1], values: [Float](repeating: 1, count: inputs * outputs)))
        return .conv2D(try Conv2D(window: SlidingWindow(1), inputChannels: inputs, outputChannels: outputs, filter: Filter(weights)))
    }

    func isConv(_ node: Graph.Node) -> Bool { if case .conv2D = node.op { true } else { false } }

    /// x -> even and odd channels; the odd ones through a convolution; both joined, and a convolution of that.
    func shuffle(reading op: Op? = nil, exposing: Bool = false) throws -> Graph {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 4, w: 4, c: 16))
        let even = try graph.append(.slice(Slice(axis: .c, start: 0, count: 8, step: 2)), [x], name: "even")
        let odd = try graph.append(.slice(Slice(axis: .c, start: 1, count: 8, step: 2)), [x], name: "odd")
        let main = try graph.append(pointwise(8, 24), [odd], name: "main")
        let joined = try graph.append(.concat(Concat()), [even, main], name: "joined")
        let last = try graph.append(pointwise(32, 8), [joined], name: "last")
        graph.output("y", last, layout: .nchw)
        if let op { graph.output("z", try graph.append(op, [odd], name: "other"), layout: .nchw) }
        if exposing { graph.output("main", main, layout: .nchw) }
        return graph
    }

    func views(_ graph: Graph, groups: [[Int]]? = nil) -> [Int: ChannelView] {
        ChannelView.find(
            graph, groups: groups ?? graph.nodes.indices.map { [$0] },
            writes: { node in if case .slice = node.op { true } else { isConv(node) } }, reads: isConv)
    }

    @Test func partsOfAConcatAndSlicesOfAMapAreFound() throws {
        let graph = try shuffle(), found = views(graph), values = graph.nodes.map(\.output.index)
        let (even, odd, main, joined) = (values[0], values[1], values[2], values[3])
        #expect(found.count == 3)
        #expect(found[even] == ChannelView(whole: joined, start: 0, step: 1, channels: 32, isWritten: true))
        #expect(found[main] == ChannelView(whole: joined, start: 8, step: 1, channels: 32, isWritten: true))
        #expect(found[odd] == ChannelView(whole: 0, start: 1, step: 2, channels: 16, isWritten: false))
        // The joined map has the bytes of its parts, and x stays until the convolution of its odd channels has run.
        let memory = ActivationMemory(graph, views: found), offsets = memory.offsets
        let base = try #require(offsets[joined]), x = try #require(offsets[0])
        #expect(offsets[even] == base && offsets[main] == base + 32 && offsets[odd] == x + 4)
        #expect(base >= x + 1024 || x >= base + 2048, "the input and the map that is written while it is read overlap")
        #expect(memory.arenaBytes < ActivationMemory(graph).arenaBytes)
    }

    @Test func whatOthersReadStaysAsItIs() throws {
        // An output, a reader that cannot, and nodes that run in groups.
        let exposed = try shuffle(exposing: true)
        #expect(views(exposed)[exposed.nodes[2].output.index] == nil && views(exposed).count == 2)
        let read = try shuffle(reading: .activation(Activation(.relu)))
        #expect(views(read)[read.nodes[1].output.index] == nil && views(read).count == 2)
        let also = try shuffle(reading: pointwise(8, 3))
        #expect(views(also).count == 3)
        let graph = try shuffle()
        #expect(views(graph, groups: [[0], [1, 2], [3], [4]]).count == 1)
        #expect(ChannelView.find(graph, groups: [[0], [1], [2], [3], [4]], writes: { _ in false }, reads: { _ in false }).isEmpty)
    }

    @Test func theSameValueTwiceInAConcatIsCopied() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 2, w: 2, c: 8))
        let y = try graph.append(pointwise(8, 8), [x], name: "y")
        graph.output("z", try graph.append(.concat(Concat()), [y, y], name: "z"), layout: .nchw)
        #expect(views(graph).isEmpty)
    }
}

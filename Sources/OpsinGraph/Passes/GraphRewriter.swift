/// What a pass needs to know of a graph, and the one change it makes: a node takes over the work of the only reader of its output.
package struct GraphRewriter {
    package private(set) var graph: Graph
    /// By node index; true once a node's work is done elsewhere.
    private var removed: [Bool]
    /// By value index: the node that makes it, -1 for inputs.
    private var producer: [Int]
    /// By value index: how many inputs of nodes and outputs of the graph it is.
    private var readers: [Int]

    package init(_ graph: Graph) {
        self.graph = graph
        removed = [Bool](repeating: false, count: graph.nodes.count)
        producer = [Int](repeating: -1, count: graph.valueCount)
        readers = [Int](repeating: 0, count: graph.valueCount)
        for (index, node) in graph.nodes.enumerated() {
            producer[node.output.index] = index
            for input in node.inputs { readers[input.index] += 1 }
        }
        for port in graph.outputs { readers[port.value.index] += 1 }
    }

    package var nodeIndices: Range<Int> { graph.nodes.indices }

    package func isLive(_ node: Int) -> Bool { !removed[node] }

    /// The node that makes `value`, when this is its only reader; nil for inputs, outputs and values that several read.
    package func soleProducer(of value: Value) -> Int? {
        readers[value.index] == 1 && producer[value.index] >= 0 ? producer[value.index] : nil
    }

    /// The node that makes `value`; -1 for a graph input.
    package func producer(of value: Value) -> Int { producer[value.index] }

    /// The live nodes that read `value`, and whether it is an output of the graph too.
    package func readers(of value: Value) -> (nodes: [Int], isOutput: Bool) {
        let nodes = graph.nodes.indices.filter { !removed[$0] && graph.nodes[$0].inputs.contains(value) }
        return (nodes, graph.outputs.contains { $0.value == value })
    }

    /// Replaces the op of `node`.
    package mutating func replaceOp(of node: Int, with op: Op) { graph.nodes[node].op = op }

    /// `node`, now `op`, does the work of `reader` as well: it gets `reader`'s output and, in addition to its own inputs, `extraInputs`; `reader` is removed.
    ///
    /// The caller has checked that `node` is the sole producer and that `extraInputs` exist when `node` runs.
    package mutating func absorb(_ reader: Int, into node: Int, as op: Op, extraInputs: [Value] = []) {
        let old = graph.nodes[node], gone = graph.nodes[reader]
        // What had to be exact is now an inner sum of the result.
        if graph.requiresFloat32(old.output) { graph.requireFloat32(gone.output) }
        graph.nodes[node] = Graph.Node(name: old.name, op: op, inputs: old.inputs + extraInputs, output: gone.output)
        readers[old.output.index] = 0
        producer[gone.output.index] = node
        removed[reader] = true
    }

    /// Multiplies the output channels of the convolution or linear layer before `reader` by `scale` and adds `shift`, in its weights; `reader` is removed.
    /// Does nothing when other readers, an activation or a residual stand between.
    package mutating func foldIntoProducer(_ reader: Int, scale: [Float], shift: [Float]?) {
        guard let node = soleProducer(of: graph.nodes[reader].inputs[0]), let weighted = graph.nodes[node].op.weighted, weighted.epilogue == Epilogue() else {
            return
        }
        var filter = weighted.filter
        filter.apply(scale: scale, shift: shift)
        absorb(reader, into: node, as: graph.nodes[node].op.with(filter: filter, epilogue: Epilogue()))
    }

    /// Removes a node whose output nobody needs any more.
    package mutating func remove(_ node: Int) {
        for input in graph.nodes[node].inputs { readers[input.index] -= 1 }
        readers[graph.nodes[node].output.index] = 0
        removed[node] = true
    }

    /// Removes a one-input node whose work its readers do now: they read its input instead.
    package mutating func bypass(_ node: Int) {
        guard let input = graph.nodes[node].inputs.first else { return }
        let output = graph.nodes[node].output
        readers[input.index] -= 1
        for reader in graph.nodes.indices where !removed[reader] && reader != node {
            for position in graph.nodes[reader].inputs.indices where graph.nodes[reader].inputs[position] == output {
                graph.nodes[reader].inputs[position] = input
                readers[input.index] += 1
            }
        }
        readers[output.index] = 0
        removed[node] = true
    }

    /// The graph without the nodes that were removed.
    package func finish() -> Graph {
        var result = graph
        result.nodes = graph.nodes.indices.filter { !removed[$0] }.map { graph.nodes[$0] }
        return result
    }
}

extension Op {
    /// The weights and the epilogue of an op that has them (Conv2D, DepthwiseConv2D, Linear); nil for the others.
    package var weighted: (filter: Filter, epilogue: Epilogue)? {
        switch self {
        case .conv2D(let op): (op.filter, op.epilogue)
        case .depthwiseConv2D(let op): (op.filter, op.epilogue)
        case .linear(let op): (op.filter, op.epilogue)
        default: nil
        }
    }

    /// The same op with other weights and another epilogue; unchanged when it has none.
    package func with(filter: Filter, epilogue: Epilogue) -> Op {
        switch self {
        case .conv2D(var op):
            (op.filter, op.epilogue) = (filter, epilogue)
            return .conv2D(op)
        case .depthwiseConv2D(var op):
            (op.filter, op.epilogue) = (filter, epilogue)
            return .depthwiseConv2D(op)
        case .linear(var op):
            (op.filter, op.epilogue) = (filter, epilogue)
            return .linear(op)
        default: return self
        }
    }
}

/// Makes one op of a squeeze-and-excitation block's mean and two layers, and lets the convolution behind it multiply its input by the gate.
///
/// For devices to which every op is a dispatch; the CPU gains nothing by it.
package enum FuseSqueezeExcitation {
    /// Most channels of the map and of the middle: what fits into the 16 KiB of shared memory that every Vulkan device has.
    private static let mostChannels = (map: 2048, middle: 1024)

    /// `gates` says of which convolutions it pays to multiply their input.
    package static func run(_ graph: Graph, gates: (Conv2D) -> Bool) -> Graph {
        var rewriter = GraphRewriter(graph)
        for node in rewriter.nodeIndices where rewriter.isLive(node) {
            switch rewriter.graph.nodes[node].op {
            case .globalAveragePool: fuseLayers(behind: node, &rewriter)
            case .multiply: fuseGate(node, &rewriter, where: gates)
            default: continue
            }
        }
        return rewriter.finish()
    }

    private static func fuseLayers(behind pool: Int, _ rewriter: inout GraphRewriter) {
        guard let first = soleLayer(behind: pool, rewriter), let second = soleLayer(behind: first.node, rewriter),
            first.op.inputChannels <= mostChannels.map, second.op.outputChannels <= mostChannels.map, second.op.inputChannels <= mostChannels.middle,
            let op = try? SqueezeExcitation(reduce: first.op, expand: second.op)
        else { return }
        rewriter.absorb(first.node, into: pool, as: rewriter.graph.nodes[pool].op)
        rewriter.absorb(second.node, into: pool, as: .squeezeExcitation(op))
    }

    /// The pointwise convolution that alone reads what `node` makes, and reads nothing else.
    private static func soleLayer(behind node: Int, _ rewriter: GraphRewriter) -> (node: Int, op: Conv2D)? {
        let value = rewriter.graph.nodes[node].output, readers = rewriter.readers(of: value)
        guard readers.nodes.count == 1, !readers.isOutput, case .conv2D(let op) = rewriter.graph.nodes[readers.nodes[0]].op, op.window.isPointwise,
            rewriter.graph.nodes[readers.nodes[0]].inputs == [value]
        else { return nil }
        return (readers.nodes[0], op)
    }

    /// `conv(x * gate)`: the convolution takes the gate as its second input, and runs where the product was made: what it adds must exist by then.
    private static func fuseGate(_ multiply: Int, _ rewriter: inout GraphRewriter, where pays: (Conv2D) -> Bool) {
        let node = rewriter.graph.nodes[multiply], readers = rewriter.readers(of: node.output)
        guard node.inputs[0] != node.inputs[1], node.inputs[1].shape.h == 1, node.inputs[1].shape.w == 1, node.inputs[1].shape.n == node.inputs[0].shape.n,
            node.inputs[1].shape.c == node.inputs[0].shape.c, readers.nodes.count == 1, !readers.isOutput
        else { return }
        let reader = rewriter.graph.nodes[readers.nodes[0]], residual = reader.inputs.dropFirst()
        guard case .conv2D(var op) = reader.op, op.window.isPointwise, !op.hasGate, pays(op), reader.inputs[0] == node.output, !residual.contains(node.output),
            residual.allSatisfy({ rewriter.producer(of: $0) < multiply })
        else { return }
        op.hasGate = true
        rewriter.absorb(readers.nodes[0], into: multiply, as: .conv2D(op), extraInputs: Array(residual))
    }
}

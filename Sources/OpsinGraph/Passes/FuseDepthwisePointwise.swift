/// Makes one op of a depthwise convolution and the pointwise one that alone reads it, where `pays` says so.
package enum FuseDepthwisePointwise {
    package static func run(_ graph: Graph, where pays: (DepthwisePointwise, Shape) -> Bool) -> Graph {
        var rewriter = GraphRewriter(graph)
        for first in rewriter.nodeIndices where rewriter.isLive(first) {
            let node = rewriter.graph.nodes[first], readers = rewriter.readers(of: node.output)
            guard case .depthwiseConv2D(let depthwise) = node.op, readers.nodes.count == 1, !readers.isOutput else { continue }
            let reader = rewriter.graph.nodes[readers.nodes[0]], residual = reader.inputs.dropFirst()
            // What the second adds must exist where the first runs.
            guard case .conv2D(let pointwise) = reader.op, reader.inputs.first == node.output, residual.allSatisfy({ rewriter.producer(of: $0) < first }),
                let op = try? DepthwisePointwise(depthwise: depthwise, pointwise: pointwise), pays(op, reader.output.shape)
            else { continue }
            rewriter.absorb(readers.nodes[0], into: first, as: .depthwisePointwise(op), extraInputs: Array(residual))
        }
        return rewriter.finish()
    }
}

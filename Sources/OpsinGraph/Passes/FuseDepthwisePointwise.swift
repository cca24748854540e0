/// Makes one op of a depthwise convolution, or an average pool, and the pointwise convolution that alone reads it, where `pays` says so.
package enum FuseDepthwisePointwise {
    package static func run(_ graph: Graph, where pays: (DepthwisePointwise, Shape) -> Bool) -> Graph {
        var rewriter = GraphRewriter(graph)
        for first in rewriter.nodeIndices where rewriter.isLive(first) {
            let node = rewriter.graph.nodes[first]
            guard let depthwise = depthwise(node) else { continue }
            let readers = rewriter.readers(of: node.output)
            guard readers.nodes.count == 1, !readers.isOutput else { continue }
            let reader = rewriter.graph.nodes[readers.nodes[0]], residual = reader.inputs.dropFirst()
            // What the second adds must exist where the first runs.
            guard case .conv2D(let pointwise) = reader.op, reader.inputs.first == node.output, residual.allSatisfy({ rewriter.producer(of: $0) < first }),
                let op = try? DepthwisePointwise(depthwise: depthwise, pointwise: pointwise), pays(op, reader.output.shape)
            else { continue }
            rewriter.absorb(readers.nodes[0], into: first, as: .depthwisePointwise(op), extraInputs: Array(residual))
        }
        return rewriter.finish()
    }

    private static func depthwise(_ node: Graph.Node) -> DepthwiseConv2D? {
        switch node.op {
        case .depthwiseConv2D(let op): op
        case .averagePool2D(let op): depthwise(op, channels: node.output.shape.c)
        default: nil
        }
    }

    /// The pool as a convolution with equal weights; nil where windows at the border have fewer pixels and so other weights.
    private static func depthwise(_ pool: AveragePool2D, channels: Int) -> DepthwiseConv2D? {
        let window = pool.window, taps = window.height * window.width
        guard pool.countIncludesPadding || window.padding == Padding(), taps <= 64, channels <= 1 << 16 else { return nil }
        let values = [Float](repeating: 1 / Float(taps), count: taps * channels), dimensions = [channels, 1, window.height, window.width]
        return Constant(name: "mean of \(window.height)x\(window.width)", dimensions: dimensions, values: values)
            .flatMap { try? DepthwiseConv2D(window: window, channels: channels, filter: Filter($0)) }
    }
}

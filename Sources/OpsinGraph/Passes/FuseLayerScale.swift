/// Multiplies the factors of a LayerScale into the weights and the bias of the convolution or linear layer before it.
package enum FuseLayerScale {
    package static func run(_ graph: Graph) -> Graph {
        var rewriter = GraphRewriter(graph)
        for reader in rewriter.nodeIndices {
            guard case .layerScale(let scale) = rewriter.graph.nodes[reader].op else { continue }
            rewriter.foldIntoProducer(reader, scale: scale.gamma, shift: nil)
        }
        return rewriter.finish()
    }
}

/// Multiplies the factors of a LayerScale into the weights and the bias of the convolution or linear layer before it.
package enum FuseLayerScale {
    package static func run(_ graph: Graph) -> Graph {
        var rewriter = GraphRewriter(graph)
        for reader in rewriter.nodeIndices {
            guard case .layerScale(let scale) = rewriter.graph.nodes[reader].op,
                let node = rewriter.soleProducer(of: rewriter.graph.nodes[reader].inputs[0]),
                let weighted = rewriter.graph.nodes[node].op.weighted,
                weighted.epilogue == Epilogue()
            else { continue }
            var filter = weighted.filter
            filter.apply(scale: scale.gamma, shift: nil)
            rewriter.absorb(reader, into: node, as: rewriter.graph.nodes[node].op.with(filter: filter, epilogue: Epilogue()))
        }
        return rewriter.finish()
    }
}

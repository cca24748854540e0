extension Graph {
    /// The graph that backends run: the same outputs, fewer ops.
    ///
    /// Norms fold before activations fuse, since a convolution takes a norm only while nothing follows its sum.
    package func optimized() -> Graph {
        var graph = EliminateDeadCode.run(self)
        graph = FoldBatchNorm.backward(graph)
        graph = FoldBatchNorm.throughReLU(graph)
        graph = FoldBatchNorm.forward(graph)
        graph = MergeParallelConvolutions.run(graph)
        graph = FuseLayerScale.run(graph)
        return FuseEpilogue.run(graph)
    }

    /// What a GPU runs of an optimized graph: fewer ops again, since there each is a dispatch.
    package func fusedForGPU() -> Graph { FuseSqueezeExcitation.run(self) }
}

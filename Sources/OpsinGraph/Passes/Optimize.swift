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

    /// What a GPU runs of an optimized graph: fewer ops again, since there each is a dispatch. A convolution multiplies its input by a gate where `gates` says
    /// that it pays, a depthwise convolution is one with the pointwise one behind it where `pays` says so.
    package func fusedForGPU(gates: (Conv2D) -> Bool = { _ in true }, where pays: (DepthwisePointwise, Shape) -> Bool) -> Graph {
        FuseDepthwisePointwise.run(FuseSqueezeExcitation.run(self, gates: gates), where: pays)
    }
}

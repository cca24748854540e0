package import OpsinGraph

extension MatMul: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (a, y) = (node.inputs[0].shape, node.output.shape)
        let shader = MatmulShader(
            storage: plan.storage, matrices: try word(y.n * y.h), rows: try word(y.w), columns: try word(y.c), inner: try word(a.c),
            stepInner: transposeB ? 1 : try word(y.c), stepColumn: transposeB ? try word(a.c) : 1, scale: scale)
        let views = [try plan.view(node.inputs[0]), try plan.view(node.inputs[1]), try plan.view(node.output)]
        try plan.dispatch(shader, views, threads: y.count, local: shader.local)
    }
}

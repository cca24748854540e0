package import OpsinGraph

extension SineEmbedding: VulkanOp {
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let y = node.output.shape
        let shader = SineEmbeddingShader(storage: plan.storage, count: try word(node.inputs[0].shape.count), features: try word(features))
        let views = [try plan.view(node.inputs[0]), try plan.parameters(factors, quads: 0), try plan.view(node.output)]
        try plan.dispatch(shader, views, threads: y.count, local: shader.local)
    }
}

package import OpsinGraph

private import CKernels

extension SineEmbedding: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let count = node.inputs[0].shape.count, strip = rowsPerTask(width: features)
        let arguments = unsafe opsin_sine_embedding_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), factor: plan.parameters(factors), count: count, features: features, strip: strip)
        return unsafe [CPUStep(opsin_sine_embedding, arguments, tasks: tasks(count, each: strip), kernel: "sine_embedding")]
    }
}

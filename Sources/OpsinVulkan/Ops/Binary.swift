internal import OpsinGraph

/// Which of the two `binary.comp` computes.
enum BinaryOperation: UInt32 {
    case add = 0
    case multiply = 1

    /// `f(a op b)`, with `b` repeated where its extent is 1; one thread per four channels.
    func lower(_ node: Graph.Node, _ function: ActivationFunction, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let (y, b) = (node.output.shape, node.inputs[1].shape)
        let shader = BinaryShader(
            storage: plan.storage, operation: rawValue, function: function.number, slope: function.slope, aligned: y.c % 4 == 0, images: try word(y.n),
            height: try word(y.h), width: try word(y.w), channels: try word(y.c), stepN: try word(b.n == 1 ? 0 : b.h * b.w * b.c),
            stepH: try word(b.h == 1 ? 0 : b.w * b.c), stepW: try word(b.w == 1 ? 0 : b.c), stepC: b.c == 1 ? 0 : 1)
        let views = [try plan.view(node.inputs[0]), try plan.view(node.inputs[1]), try plan.view(node.output)]
        try plan.dispatch(shader, views, threads: y.pixels * ((y.c + 3) / 4), local: shader.local)
    }
}

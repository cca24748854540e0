package import OpsinGraph

extension Activation: VulkanOp {
    /// One thread per four channels; the last quad of a value is whole.
    package func lower(_ node: Graph.Node, _ plan: VulkanPlanBuilder) throws(VulkanError) {
        let quads = (node.output.shape.count + 3) / 4
        let shader = ActivationShader(storage: plan.storage, function: function.number, slope: function.slope, quads: try word(quads))
        try plan.dispatch(shader, [plan.view(node.inputs[0]), plan.view(node.output)], threads: quads, local: shader.local)
    }
}

extension ActivationFunction {
    /// The number of `activations.glsl`.
    var number: UInt32 {
        switch self {
        case .identity: 0
        case .relu: 1
        case .relu6: 2
        case .leakyReLU: 3
        case .gelu: 4
        case .silu: 5
        case .sigmoid: 6
        case .hardSwish: 7
        case .hardSigmoid: 8
        case .tanh: 9
        case .atLeast: 10
        case .atMost: 11
        }
    }

    /// The slope of leaky ReLU or the bound of a clamp, 0 for every other function.
    var slope: Float {
        switch self {
        case .leakyReLU(let slope): slope
        case .atLeast(let bound), .atMost(let bound): bound
        default: 0
        }
    }
}

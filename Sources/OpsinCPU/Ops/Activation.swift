internal import CKernels
package import OpsinGraph

extension Activation: CPUOp {
    package func lower(_ node: Graph.Node, _ plan: any CPULowering) throws(CPUError) -> [CPUStep] {
        let count = node.output.shape.count, chunk = 4096
        let arguments = unsafe opsin_activation_arguments(
            x: plan.pointer(node.inputs[0]), y: plan.pointer(node.output), count: count, chunk: chunk,
            activation: function.kernelCode, slope: function.kernelSlope)
        return unsafe [CPUStep(opsin_activation(plan.isa.c), arguments, tasks: tasks(count, each: chunk), kernel: "activation \(plan.isa.rawValue)")]
    }
}

extension ActivationFunction {
    /// The number by which kernels know the function.
    var kernelCode: Int32 {
        switch self {
        case .identity: OPSIN_ACTIVATION_IDENTITY
        case .relu: OPSIN_ACTIVATION_RELU
        case .relu6: OPSIN_ACTIVATION_RELU6
        case .leakyReLU: OPSIN_ACTIVATION_LEAKY_RELU
        case .gelu: OPSIN_ACTIVATION_GELU
        case .silu: OPSIN_ACTIVATION_SILU
        case .sigmoid: OPSIN_ACTIVATION_SIGMOID
        case .hardSwish: OPSIN_ACTIVATION_HARD_SWISH
        case .hardSigmoid: OPSIN_ACTIVATION_HARD_SIGMOID
        case .tanh: OPSIN_ACTIVATION_TANH
        }
    }

    /// The slope of leaky ReLU, 0 for every other function.
    var kernelSlope: Float { if case .leakyReLU(let slope) = self { slope } else { 0 } }
}

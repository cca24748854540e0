/// A function of one element, as an op of its own or as the last step of a convolution (`Epilogue`).
package enum ActivationFunction: Hashable, Sendable {
    case identity
    /// `max(x, 0)`
    case relu
    /// `min(max(x, 0), 6)`
    case relu6
    /// `x >= 0 ? x : slope * x`
    case leakyReLU(slope: Float)
    /// `x * (1 + erf(x / sqrt(2))) / 2`: the exact form, which every supported model uses. The tanh form differs by up to 5e-4.
    case gelu
    /// `x * sigmoid(x)`
    case silu
    /// `1 / (1 + exp(-x))`
    case sigmoid
    /// `x * min(max(x + 3, 0), 6) / 6` (MobileNetV3, arXiv 1905.02244, section 5.2)
    case hardSwish
    /// `min(max(x + 3, 0), 6) / 6` (torch's form; Keras's old `hard_sigmoid` is another function)
    case hardSigmoid
    /// `tanh(x)`
    case tanh
    /// `max(x, bound)`: what ReLU becomes when a scale and a shift behind it fold into the layer before it (FoldBatchNorm.throughReLU).
    case atLeast(Float)
    /// `min(x, bound)`
    case atMost(Float)
}

/// `y = f(x)`, element by element. Output of the input's shape; they may be the same bytes.
package struct Activation: OpRule {
    package let function: ActivationFunction

    package init(_ function: ActivationFunction) { self.function = function }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { inputs[0] }

    package func cost(of inputs: [Shape], output: Shape) -> Cost {
        Cost(flops: output.count, readElements: output.count, writtenElements: output.count)
    }
}

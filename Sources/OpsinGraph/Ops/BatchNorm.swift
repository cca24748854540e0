/// Normalisation with stored statistics, at inference a scale and a shift a channel: `y[..,c] = x[..,c] * scale[c] + shift[c]`.
///
/// Output of the input's shape; they may be the same bytes. Source: `torch.nn.BatchNorm2d` in eval mode (arXiv 1502.03167, section 3.1).
package struct BatchNorm: OpRule {
    package let scale: [Float]
    package let shift: [Float]

    /// `scale = weight / sqrt(variance + epsilon)`, `shift = bias - mean * scale`, computed in double. All arrays have one length.
    package init(weight: [Float], bias: [Float], mean: [Float], variance: [Float], epsilon: Double) throws(GraphError) {
        guard !weight.isEmpty, bias.count == weight.count, mean.count == weight.count, variance.count == weight.count else {
            throw .weights(
                "BatchNorm: weight, bias, mean and variance have \(weight.count), \(bias.count), \(mean.count) and \(variance.count) values, expected the same number"
            )
        }
        let factors = weight.indices.map { Double(weight[$0]) / (Double(variance[$0]) + epsilon).squareRoot() }
        scale = factors.map { Float($0) }
        shift = weight.indices.map { Float(Double(bias[$0]) - Double(mean[$0]) * factors[$0]) }
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs[0].c == scale.count else { throw .shape("BatchNorm: input \(inputs[0]) has \(inputs[0].c) channels, the statistics \(scale.count)") }
        return inputs[0]
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: 2 * y.count, readElements: y.count, writtenElements: y.count, weightElements: 2 * y.c)
    }
}

/// Normalisation over the channels of every pixel or token: `y = (x - mean) / sqrt(variance + epsilon) * weight + bias`, biased variance.
///
/// Input and output `[n, h, w, c]`; they may be the same bytes. Source: `torch.nn.LayerNorm` (arXiv 1607.06450).
package struct LayerNorm: OpRule {
    package let weight: [Float]
    package let bias: [Float]
    package let epsilon: Float

    package init(weight: [Float], bias: [Float], epsilon: Float) throws(GraphError) {
        guard weight.count == bias.count else { throw .weights("LayerNorm: weight has \(weight.count) values, bias \(bias.count)") }
        (self.weight, self.bias, self.epsilon) = (weight, bias, epsilon)
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs[0].c == weight.count else { throw .shape("LayerNorm: input \(inputs[0]) has \(inputs[0].c) channels, the weight \(weight.count)") }
        return inputs[0]
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: 8 * y.count, readElements: y.count, writtenElements: y.count, weightElements: 2 * y.c)
    }
}

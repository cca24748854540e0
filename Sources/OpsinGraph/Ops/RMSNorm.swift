/// Normalisation over the channels of every pixel or token by their root mean square: `y = x / sqrt(mean(x^2) + epsilon) * weight`. No mean is taken off.
///
/// Input and output `[n, h, w, c]`; they may be the same bytes. Source: arXiv 1910.07467; `torch.nn.RMSNorm`.
package struct RMSNorm: OpRule {
    package let weight: [Float]
    package let epsilon: Float

    package init(weight: [Float], epsilon: Float) { (self.weight, self.epsilon) = (weight, epsilon) }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs[0].c == weight.count else { throw .shape("RMSNorm: input \(inputs[0]) has \(inputs[0].c) channels, the weight \(weight.count)") }
        return inputs[0]
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: 4 * y.count, readElements: y.count, writtenElements: y.count, weightElements: y.c)
    }
}

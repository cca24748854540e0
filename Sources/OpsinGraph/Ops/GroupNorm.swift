/// Normalisation over the pixels of an image and the channels of a group: `y = (x - mean) / sqrt(variance + epsilon) * weight[c] + bias[c]`, biased variance.
///
/// Input and output `[n, h, w, c]`, c a multiple of `groups`; they may be the same bytes. Source: `torch.nn.GroupNorm` (arXiv 1803.08494).
package struct GroupNorm: OpRule {
    package let groups: Int
    package let weight: [Float]
    package let bias: [Float]
    package let epsilon: Float

    package init(groups: Int, weight: [Float], bias: [Float], epsilon: Float) throws(GraphError) {
        guard groups >= 1, weight.count % groups == 0, weight.count == bias.count else {
            throw .weights("GroupNorm: \(groups) groups, \(weight.count) weights and \(bias.count) biases do not fit together")
        }
        (self.groups, self.weight, self.bias, self.epsilon) = (groups, weight, bias, epsilon)
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs[0].c == weight.count else { throw .shape("GroupNorm: input \(inputs[0]) has \(inputs[0].c) channels, the weight \(weight.count)") }
        return inputs[0]
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: 8 * y.count, readElements: 2 * y.count, writtenElements: y.count, weightElements: 2 * y.c)
    }
}

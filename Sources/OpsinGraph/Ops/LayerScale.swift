/// One learnt factor a channel: `y[..,c] = x[..,c] * gamma[c]` (CaiT, arXiv 2103.17239, section 2.1).
///
/// Output of the input's shape; they may be the same bytes.
package struct LayerScale: OpRule {
    package let gamma: [Float]

    package init(gamma: [Float]) { self.gamma = gamma }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs[0].c == gamma.count else { throw .shape("LayerScale: input \(inputs[0]) has \(inputs[0].c) channels, gamma \(gamma.count)") }
        return inputs[0]
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: y.count, readElements: y.count, writtenElements: y.count, weightElements: y.c)
    }
}

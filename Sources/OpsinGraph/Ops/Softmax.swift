/// `y[..,c] = exp(x[..,c] - m) / sum over c of exp(x[..,c] - m)` with m the largest value of the pixel or token, in fp32.
///
/// Output of the input's shape; they may be the same bytes.
package struct Softmax: OpRule {
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { inputs[0] }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: 5 * y.count, readElements: y.count, writtenElements: y.count)
    }
}

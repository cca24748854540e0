/// A box moved by what a head predicts: `y = sigmoid(delta + inverse_sigmoid(reference))`, element by element.
///
/// Inputs: delta `[n, h, w, 4]`; reference `[n or 1, h, w, 4]`, or `[n or 1, h, w, 2]`, a point, which moves the first two only. Output of delta's shape; it may be
/// the same bytes. `inverse_sigmoid(x) = log(max(x', epsilon) / max(1 - x', epsilon))` with `x' = min(max(x, 0), 1)`, in this order (`transformers`'
/// `inverse_sigmoid`; arXiv 2010.04159, A.4): the logit stays finite at 0 and 1.
package struct BoxRefinement: OpRule {
    package let epsilon: Float

    /// Throws unless `epsilon` is in 2^-24...0.5.
    package init(epsilon: Float = 1e-5) throws(GraphError) {
        guard epsilon >= 0x1p-24, epsilon <= 0.5 else { throw .attribute("BoxRefinement: epsilon \(epsilon), expected 2^-24 to 0.5") }
        self.epsilon = epsilon
    }

    package var inputCount: ClosedRange<Int> { 2...2 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let delta = inputs[0], reference = inputs[1]
        let fits = delta.c == 4 && (reference.c == 4 || reference.c == 2) && (reference.n == delta.n || reference.n == 1)
        guard fits, (reference.h, reference.w) == (delta.h, delta.w) else {
            throw .shape("BoxRefinement: deltas of \(delta) and references of \(reference) do not fit, expected 4 numbers and 4 or 2")
        }
        return delta
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: 8 * y.count, readElements: inputs[0].count + inputs[1].count, writtenElements: y.count)
    }
}

/// `y = f(a + b)`. Each dimension of `b` equals `a`'s or is 1, and is then repeated (NumPy's broadcast, `b` only).
///
/// The output has the shape of `a` and may be its bytes.
package struct Add: OpRule {
    package var activation: ActivationFunction

    package init(activation: ActivationFunction = .identity) { self.activation = activation }

    package var inputCount: ClosedRange<Int> { 2...2 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { try broadcast(inputs[1], to: inputs[0], op: "Add") }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: y.count, readElements: inputs[0].count + inputs[1].count, writtenElements: y.count)
    }
}

/// `shape` when every dimension of `small` is the same or 1.
func broadcast(_ small: Shape, to shape: Shape, op: String) throws(GraphError) -> Shape {
    let fits = [(small.n, shape.n), (small.h, shape.h), (small.w, shape.w), (small.c, shape.c)].allSatisfy { $0 == $1 || $0 == 1 }
    guard fits else { throw .shape("\(op): \(small) cannot be repeated to \(shape)") }
    return shape
}

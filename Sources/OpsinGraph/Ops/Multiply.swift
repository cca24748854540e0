/// `y = a * b`. Each dimension of `b` equals `a`'s or is 1, and is then repeated: the gate of a squeeze-and-excitation block is `[n, 1, 1, c]`.
///
/// The output has the shape of `a` and may be its bytes.
package struct Multiply: OpRule {
    package init() {}

    package var inputCount: ClosedRange<Int> { 2...2 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { try broadcast(inputs[1], to: inputs[0], op: "Multiply") }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: y.count, readElements: inputs[0].count + inputs[1].count, writtenElements: y.count)
    }
}

/// A matrix product with weights over the channels of every pixel or token: `y[.., o] = epilogue(b[o] + sum over c of x[.., c] * k[o,c])`.
///
/// Input `[n, h, w, inputFeatures]`, output `[n, h, w, outputFeatures]`: the same computation as a 1x1 Conv2D, with two-dimensional weights.
/// Source: `torch.nn.Linear`.
package struct Linear: OpRule {
    package let inputFeatures: Int
    package let outputFeatures: Int
    package var filter: Filter
    package var epilogue: Epilogue

    /// Throws when `filter` is not `[outputFeatures, inputFeatures]` (TensorFlow: `[in, out]`).
    package init(inputFeatures: Int, outputFeatures: Int, filter: Filter, epilogue: Epilogue = Epilogue()) throws(GraphError) {
        try filter.check(op: "Linear", kernel: nil, input: inputFeatures, output: outputFeatures)
        (self.inputFeatures, self.outputFeatures, self.filter, self.epilogue) = (inputFeatures, outputFeatures, filter, epilogue)
    }

    package var inputCount: ClosedRange<Int> { epilogue.inputCount...epilogue.inputCount }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs[0].c == inputFeatures else { throw .shape("Linear: input \(inputs[0]) has \(inputs[0].c) features, the weights take \(inputFeatures)") }
        let y = try inputs[0].with(c: outputFeatures)
        try epilogue.check(inputs, output: y, op: "Linear")
        return y
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(
            flops: 2 * y.count * inputFeatures, readElements: inputs.reduce(0) { $0 + $1.count }, writtenElements: y.count,
            weightElements: inputFeatures * outputFeatures)
    }
}

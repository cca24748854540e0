/// `scale * (byte - zero)` with the numbers that the graph has for the input.
package struct Dequantize: OpRule {
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { inputs[0] }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost { Cost(flops: 2 * y.count, readElements: y.count, writtenElements: y.count) }
}

/// The mean of each channel over all pixels of an image: `[n, h, w, c]` to `[n, 1, 1, c]`, summed in fp32.
package struct GlobalAveragePool: OpRule {
    package init() {}

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { try inputs[0].with(h: 1, w: 1) }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: inputs[0].count, readElements: inputs[0].count, writtenElements: y.count)
    }
}

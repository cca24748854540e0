/// The gate of a squeeze-and-excitation block: `y = expand(reduce(mean of x over its pixels))`, two pointwise convolutions with their activations.
///
/// Input `[n, h, w, c]`, output `[n, 1, 1, outputs]`. Networks are built of the three ops; `FuseSqueezeExcitation` makes this one of them.
/// Source: Squeeze-and-Excitation Networks (arXiv 1709.01507, section 3).
package struct SqueezeExcitation: OpRule {
    package let reduce: Conv2D
    package let expand: Conv2D

    /// Throws unless both are pointwise, without residuals, and the second takes what the first gives.
    package init(reduce: Conv2D, expand: Conv2D) throws(GraphError) {
        for layer in [reduce, expand] where !layer.window.isPointwise || layer.inputCount != 1...1 {
            throw .shape("SqueezeExcitation: its layers are pointwise and have one input")
        }
        guard reduce.outputChannels == expand.inputChannels else {
            throw .shape("SqueezeExcitation: the first layer gives \(reduce.outputChannels) channels, the second takes \(expand.inputChannels)")
        }
        (self.reduce, self.expand) = (reduce, expand)
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let mean = try GlobalAveragePool().outputShape(of: inputs)
        return try expand.outputShape(of: [reduce.outputShape(of: [mean])])
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        let x = inputs[0], weights = reduce.inputChannels * reduce.outputChannels + expand.inputChannels * expand.outputChannels
        return Cost(flops: x.count + 2 * x.n * weights, readElements: x.count, writtenElements: y.count, weightElements: weights)
    }
}

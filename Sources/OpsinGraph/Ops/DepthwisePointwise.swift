/// A depthwise convolution and the pointwise one that alone reads it: the second half of an inverted bottleneck as one op.
///
/// Input `[n, h, w, c]`, output `[n, h', w', outputs]`; with the pointwise epilogue's residual a second input of the output's shape. Networks are built of the
/// two ops; `FuseDepthwisePointwise` makes this one of them for devices that gain by it.
package struct DepthwisePointwise: OpRule {
    package let depthwise: DepthwiseConv2D
    package let pointwise: Conv2D

    /// Throws unless the first has no residual and the second is pointwise, without a gate, and takes what the first gives.
    package init(depthwise: DepthwiseConv2D, pointwise: Conv2D) throws(GraphError) {
        guard depthwise.inputCount == 1...1, pointwise.window.isPointwise, !pointwise.hasGate, depthwise.channels == pointwise.inputChannels else {
            throw .shape("DepthwisePointwise: the layers do not fit: \(depthwise.channels) channels given, \(pointwise.inputChannels) taken")
        }
        (self.depthwise, self.pointwise) = (depthwise, pointwise)
    }

    package var inputCount: ClosedRange<Int> { pointwise.inputCount }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        try pointwise.outputShape(of: [depthwise.outputShape(of: [inputs[0]])] + inputs.dropFirst())
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        let between = y.pixels * depthwise.channels, taps = depthwise.window.height * depthwise.window.width
        return Cost(
            flops: 2 * between * (taps + y.c), readElements: inputs.reduce(0) { $0 + $1.count }, writtenElements: y.count,
            weightElements: (taps + y.c) * depthwise.channels)
    }
}

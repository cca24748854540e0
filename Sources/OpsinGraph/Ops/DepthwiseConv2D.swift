/// Convolution of every channel with its own kernel:
/// `y[n,i,j,c] = epilogue(b[c] + sum over u,v of x[n, i*s - p + u*d, j*s - p + v*d, c] * k[c,u,v])`, zeros outside of x.
///
/// Input `[n, h, w, c]`, output `[n, h', w', c]`. With `Epilogue.residual` a second input of the output's shape.
/// Source: `torch.nn.Conv2d` with `groups` equal to the channels.
package struct DepthwiseConv2D: OpRule {
    package let window: SlidingWindow
    package let channels: Int
    package var filter: Filter
    package var epilogue: Epilogue

    /// Throws when `filter` is not `[channels, 1, window.height, window.width]` (TensorFlow: `[kh, kw, channels, 1]`).
    package init(window: SlidingWindow, channels: Int, filter: Filter, epilogue: Epilogue = Epilogue()) throws(GraphError) {
        let expected = filter.layout == .outputFirst ? [channels, 1, window.height, window.width] : [window.height, window.width, channels, 1]
        guard filter.constant.dimensions == expected, filter.inputScale == nil else {
            throw .weights("DepthwiseConv2D: weight \(filter.constant.name) is \(filter.constant.dimensions), expected \(expected)")
        }
        try filter.checkLengths(op: "DepthwiseConv2D", input: channels, output: channels)
        (self.window, self.channels, self.filter, self.epilogue) = (window, channels, filter, epilogue)
    }

    package var inputCount: ClosedRange<Int> { epilogue.inputCount...epilogue.inputCount }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let x = inputs[0]
        guard x.c == channels else { throw .shape("DepthwiseConv2D: input \(x) has \(x.c) channels, the weights take \(channels)") }
        let size = try window.outputSize(of: x, op: "DepthwiseConv2D")
        let y = try Shape(n: x.n, h: size.h, w: size.w, c: channels)
        try epilogue.check(inputs, output: y, op: "DepthwiseConv2D")
        return y
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        let taps = window.height * window.width
        return Cost(
            flops: 2 * y.count * taps, readElements: inputs.reduce(0) { $0 + $1.count }, writtenElements: y.count, weightElements: taps * channels)
    }
}

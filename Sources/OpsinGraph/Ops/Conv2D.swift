/// Two-dimensional convolution (cross-correlation) over all input channels:
/// `y[n,i,j,o] = epilogue(b[o] + sum over u,v,c of x[n, i*s - p + u*d, j*s - p + v*d, c] * k[o,c,u,v])`, zeros outside of x.
///
/// Input `[n, h, w, c]`, output `[n, h', w', outputChannels]` with `h' = floor((h + padding - d*(kh-1) - 1) / s) + 1`.
/// With `hasGate` a second input `[n, 1, 1, c]`, by which x is multiplied first; with `Epilogue.residual` a last one of the output's shape.
/// Source: `torch.nn.Conv2d`.
package struct Conv2D: OpRule {
    package let window: SlidingWindow
    package let inputChannels: Int
    package let outputChannels: Int
    package var filter: Filter
    package var epilogue: Epilogue
    /// Set by `FuseSqueezeExcitation`, for pointwise windows.
    package var hasGate = false

    /// Throws when `filter` is not `[outputChannels, inputChannels, window.height, window.width]` (or TensorFlow's order of it).
    package init(window: SlidingWindow, inputChannels: Int, outputChannels: Int, filter: Filter, epilogue: Epilogue = Epilogue()) throws(GraphError) {
        try filter.check(op: "Conv2D", kernel: (window.height, window.width), input: inputChannels, output: outputChannels)
        (self.window, self.inputChannels, self.outputChannels, self.filter, self.epilogue) = (window, inputChannels, outputChannels, filter, epilogue)
    }

    package var inputCount: ClosedRange<Int> {
        let count = epilogue.inputCount + (hasGate ? 1 : 0)
        return count...count
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let x = inputs[0]
        guard x.c == inputChannels else { throw .shape("Conv2D: input \(x) has \(x.c) channels, the weights take \(inputChannels)") }
        let size = try window.outputSize(of: x, op: "Conv2D")
        let y = try Shape(n: x.n, h: size.h, w: size.w, c: outputChannels)
        if hasGate {
            guard try inputs[1] == x.with(h: 1, w: 1) else { throw .shape("Conv2D: a gate of \(inputs[1]) for an input of \(x)") }
        }
        try epilogue.check(hasGate ? [x] + inputs.dropFirst(2) : inputs, output: y, op: "Conv2D")
        return y
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        let taps = window.height * window.width * inputChannels
        return Cost(
            flops: 2 * y.count * taps, readElements: inputs.reduce(0) { $0 + $1.count }, writtenElements: y.count,
            weightElements: taps * outputChannels)
    }
}

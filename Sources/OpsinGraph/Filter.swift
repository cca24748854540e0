/// The weights of a convolution or linear layer, as stored, with what passes folded into them.
///
/// The effective weight is `stored[o, i] * outputScale[o] * inputScale[i]`; a backend multiplies while it packs, so that a mapped file goes into packed
/// weights in one pass and no folded copy exists.
package struct Filter: Sendable {
    /// In which order a file stores the dimensions.
    package enum Layout: Hashable, Sendable {
        /// `[out, in, kh, kw]`, depthwise `[channels, 1, kh, kw]`, linear `[out, in]`: PyTorch.
        case outputFirst
        /// `[kh, kw, in, out]`, depthwise `[kh, kw, channels, 1]`, linear `[in, out]`: TensorFlow.
        case outputLast
    }

    package let constant: Constant
    package let layout: Layout
    /// One factor an output channel; nil is all ones.
    package var outputScale: [Float]?
    /// One factor an input channel; nil is all ones. Never set for depthwise weights.
    package var inputScale: [Float]?
    /// One summand an output channel, after both scales; nil is all zeros.
    package var bias: [Float]?

    package init(_ constant: Constant, layout: Layout = .outputFirst, bias: [Float]? = nil) {
        (self.constant, self.layout, self.bias) = (constant, layout, bias)
        (outputScale, inputScale) = (nil, nil)
    }

    /// `y = scale * y + shift` per output channel, folded in: scales the weights and the bias, then adds the shift.
    package mutating func apply(scale: [Float], shift: [Float]?) {
        outputScale = outputScale.map { zip($0, scale).map { $0 * $1 } } ?? scale
        let scaled = bias.map { zip($0, scale).map { $0 * $1 } }
        switch (scaled, shift) {
        case (let scaled?, let shift?): bias = zip(scaled, shift).map { $0 + $1 }
        case (let scaled, nil): bias = scaled
        case (nil, let shift): bias = shift
        }
    }

    /// What tells this filter's values from those of another one with the same constant: passes fold other factors in when more outputs are asked for.
    package var packingKey: String {
        var hasher = Hasher()
        hasher.combine(outputScale)
        hasher.combine(inputScale)
        return "\(constant.name)#\(hasher.finalize())"
    }

    /// Throws unless the constant has exactly the shape that `PyTorch`'s or TensorFlow's layout gives these extents.
    func check(op: String, kernel: (Int, Int)?, input: Int, output: Int) throws(GraphError) {
        let expected: [Int] =
            switch (layout, kernel) {
            case (.outputFirst, let (kh, kw)?): [output, input, kh, kw]
            case (.outputFirst, nil): [output, input]
            case (.outputLast, let (kh, kw)?): [kh, kw, input, output]
            case (.outputLast, nil): [input, output]
            }
        guard constant.dimensions == expected else {
            throw .weights("\(op): weight \(constant.name) is \(constant.dimensions), expected \(expected)")
        }
        try checkLengths(op: op, input: input, output: output)
    }

    func checkLengths(op: String, input: Int, output: Int) throws(GraphError) {
        for (what, length, expected) in [("bias", bias?.count, output), ("scale", outputScale?.count, output), ("input scale", inputScale?.count, input)] {
            if let length, length != expected { throw .weights("\(op): the \(what) of \(constant.name) has \(length) values, expected \(expected)") }
        }
    }
}

package import OpsinGraph

extension NetworkBuilder {
    /// A transposed convolution whose stride is its kernel, so that no two inputs meet in an output: `name.weight` `[inputs, outputs, block, block]` and
    /// `name.bias`. A product over pixels, whose columns then become pixels.
    package mutating func unfold(_ name: String, _ x: Value, outputs: Int, block: Int) throws(ModelError) -> Value {
        let inputs = x.shape.c, taps = block * block
        let stored = try weights.values(name + ".weight", [inputs, outputs, block, block]), bias = try weights.vector(name + ".bias", outputs)
        // [inputs][outputs][taps] to [inputs][taps][outputs], the order in which DepthToSpace takes channels.
        var ordered = [Float](repeating: 0, count: stored.count)
        for i in 0..<inputs {
            for o in 0..<outputs {
                for t in 0..<taps { ordered[(i * taps + t) * outputs + o] = stored[(i * outputs + o) * taps + t] }
            }
        }
        guard let weight = Constant(name: name + ".weight", dimensions: [inputs, taps * outputs], values: ordered) else {
            throw ModelError(.weights, "\(name).weight cannot be \(inputs)x\(taps * outputs)")
        }
        let filter = Filter(weight, layout: .outputLast, bias: (0..<taps).flatMap { _ in bias })
        let (product, pixels) = try graphResult(.weights) { () throws(GraphError) in
            (try Linear(inputFeatures: inputs, outputFeatures: taps * outputs, filter: filter), try DepthToSpace(block: block))
        }
        return try append(.depthToSpace(pixels), [append(.linear(product), [x], name)], "\(name).pixels")
    }
}

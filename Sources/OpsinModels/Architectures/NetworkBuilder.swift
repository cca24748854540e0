package import OpsinGraph

/// Adds layers to a graph by the names that their weights have in the reference, as its modules would be called.
///
/// Every method adds one op. Convolution, normalisation, activation and residual stay apart: passes fold and fuse them later.
package struct NetworkBuilder: Sendable {
    package var graph = Graph()
    package var weights: WeightReader
    /// What the session asks of the network.
    package let options: NetworkOptions

    package init(_ source: WeightSource, options: NetworkOptions = NetworkOptions()) { (weights, self.options) = (WeightReader(source), options) }

    /// A convolution over all input channels with weights `name.weight` `[outputs, inputs, kernel, kernel]` and, when asked, `name.bias`.
    package mutating func conv(
        _ name: String, _ x: Value, outputs: Int, kernel: Int = 1, stride: Int = 1, dilation: Int = 1, padding: Padding = .none, bias: Bool = false
    ) throws(ModelError) -> Value {
        let inputs = x.shape.c
        let filter = try filter(name, [outputs, inputs, kernel, kernel], bias: bias)
        let op = try graphResult(.config) { () throws(GraphError) in
            try Conv2D(
                window: SlidingWindow(kernel, stride: stride, dilation: dilation, padding: padding), inputChannels: inputs, outputChannels: outputs,
                filter: filter)
        }
        return try append(.conv2D(op), [x], name)
    }

    /// A convolution of each channel with its own kernel, weights `name.weight` `[channels, 1, kernel, kernel]`.
    package mutating func depthwise(
        _ name: String, _ x: Value, kernel: Int, stride: Int = 1, dilation: Int = 1, padding: Padding, bias: Bool = false
    ) throws(ModelError) -> Value {
        let channels = x.shape.c
        let filter = try filter(name, [channels, 1, kernel, kernel], bias: bias)
        let op = try graphResult(.config) { () throws(GraphError) in
            try DepthwiseConv2D(window: SlidingWindow(kernel, stride: stride, dilation: dilation, padding: padding), channels: channels, filter: filter)
        }
        return try append(.depthwiseConv2D(op), [x], name)
    }

    /// Batch normalisation with `name.weight`, `.bias`, `.running_mean` and `.running_var`.
    ///
    /// - Parameter isFrozen: weight and bias are constants of the reference's model too, not parameters.
    package mutating func batchNorm(_ name: String, _ x: Value, epsilon: Double, isFrozen: Bool = false) throws(ModelError) -> Value {
        let weight = try weights.vector(name + ".weight", x.shape.c, role: isFrozen ? .statistic : .parameter)
        let bias = try weights.vector(name + ".bias", x.shape.c, role: isFrozen ? .statistic : .parameter)
        let mean = try weights.vector(name + ".running_mean", x.shape.c, role: .statistic)
        let variance = try weights.vector(name + ".running_var", x.shape.c, role: .statistic)
        let op = try graphResult(.weights) { () throws(GraphError) in
            try BatchNorm(weight: weight, bias: bias, mean: mean, variance: variance, epsilon: epsilon)
        }
        return try append(.batchNorm(op), [x], name)
    }

    /// An element-wise function.
    package mutating func activation(_ name: String, _ x: Value, _ function: ActivationFunction) throws(ModelError) -> Value {
        try append(.activation(Activation(function)), [x], name)
    }

    /// A factor a channel, `name.gamma` or what else the reference calls it.
    package mutating func layerScale(_ name: String, _ x: Value, parameter: String = "gamma") throws(ModelError) -> Value {
        try append(.layerScale(LayerScale(gamma: weights.vector(name + "." + parameter, x.shape.c))), [x], name)
    }

    /// `a + b`, of one shape.
    package mutating func add(_ name: String, _ a: Value, _ b: Value) throws(ModelError) -> Value { try append(.add(Add()), [a, b], name) }

    /// The mean over all pixels.
    package mutating func globalAveragePool(_ name: String, _ x: Value) throws(ModelError) -> Value {
        try append(.globalAveragePool(GlobalAveragePool()), [x], name)
    }

    /// Attention of `heads` heads over keys and values of `keyValueHeads`.
    package mutating func attention(
        _ name: String, queries: Value, keys: Value, values: Value, heads: Int, keyValueHeads: Int, scale: Float
    ) throws(ModelError) -> Value {
        let op = try graphResult(.config) { () throws(GraphError) in try Attention(heads: heads, keyValueHeads: keyValueHeads, scale: scale) }
        return try append(.attention(op), [queries, keys, values], name)
    }

    /// A matrix product with `name.weight` `[outputs, inputs]` and `name.bias`.
    package mutating func linear(_ name: String, _ x: Value, outputs: Int, bias: Bool = true) throws(ModelError) -> Value {
        let inputs = x.shape.c
        let filter = try filter(name, [outputs, inputs], bias: bias)
        let op = try graphResult(.config) { () throws(GraphError) in try Linear(inputFeatures: inputs, outputFeatures: outputs, filter: filter) }
        return try append(.linear(op), [x], name)
    }

    /// A value that is data, in the order of `shape`'s bytes: query embeddings, a class token.
    package mutating func constant(_ name: String, _ values: Constant, shape: Shape) throws(ModelError) -> Value {
        guard let named = values.reshaped([shape.n, shape.h, shape.w, shape.c], name: name) else {
            throw ModelError(.weights, "\(name) has \(values.count) elements \(values.dimensions), expected \(shape.count) for \(shape)")
        }
        return try graphResult(.weights) { () throws(GraphError) in try graph.constant(named, shape: shape) }
    }

    /// The same, of numbers that were computed for this graph's shape: sine positions, anchors. `values` has `shape.count` elements.
    package mutating func constant(_ name: String, _ values: [Float], shape: Shape) throws(ModelError) -> Value {
        guard let constant = Constant(name: name, dimensions: [shape.n, shape.h, shape.w, shape.c], values: values) else {
            throw ModelError(.weights, "\(name) has \(values.count) elements, expected \(shape.count) for \(shape)")
        }
        return try self.constant(name, constant, shape: shape)
    }

    /// Gives `value` the reference's name for it; returns it.
    package mutating func endpoint(_ name: String, _ value: Value) -> Value {
        graph.endpoint(name, value)
        return value
    }

    /// Has `value` stored and computed in fp32 in every precision (`Graph.requireFloat32`); returns it.
    package mutating func float32(_ value: Value) -> Value {
        graph.requireFloat32(value)
        return value
    }

    private mutating func filter(_ name: String, _ dimensions: [Int], bias: Bool) throws(ModelError) -> Filter {
        let (weight, scale, correction) = try weights.weights(name + ".weight", dimensions)
        var filter = Filter(weight, bias: bias ? try weights.vector(name + ".bias", dimensions[0]) : nil)
        filter.outputScale = scale
        if let correction { filter.bias = filter.bias.map { zip($0, correction).map { $0 + $1 } } ?? correction }
        return filter
    }

    /// Adds any op; an input that does not fit it is an error of the input, weights that do not are one of the weights.
    mutating func append(_ op: Op, _ values: [Value], _ name: String) throws(ModelError) -> Value {
        do {
            return try graph.append(op, values, name: name)
        } catch {
            throw ModelError(error.code == .weights ? .weights : .input, error.description)
        }
    }
}

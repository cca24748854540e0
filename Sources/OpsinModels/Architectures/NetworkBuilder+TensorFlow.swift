package import OpsinGraph

/// Layers under the names and in the layouts of TensorFlow's variables, with its SAME padding.
extension NetworkBuilder {
    /// A convolution with `name/kernel` `[kernel, kernel, inputs, outputs]` and, when asked, `name/bias`.
    package mutating func convSame(
        _ name: String, _ x: Value, outputs: Int, kernel: Int = 1, stride: Int = 1, bias: Bool = true
    ) throws(ModelError) -> Value {
        let inputs = x.shape.c
        let weight = try weights.tensor(name + "/kernel", [kernel, kernel, inputs, outputs])
        let filter = Filter(weight, layout: .outputLast, bias: bias ? try weights.vector(name + "/bias", outputs) : nil)
        let window = try same(x, kernel: kernel, stride: stride)
        return try add(name, [x]) { () throws(GraphError) in
            .conv2D(try Conv2D(window: window, inputChannels: inputs, outputChannels: outputs, filter: filter))
        }
    }

    /// A convolution of each channel with its own kernel, `name/depthwise_kernel` `[kernel, kernel, channels, 1]`.
    package mutating func depthwiseSame(_ name: String, _ x: Value, kernel: Int, stride: Int = 1) throws(ModelError) -> Value {
        let channels = x.shape.c
        let filter = Filter(try weights.tensor(name + "/depthwise_kernel", [kernel, kernel, channels, 1]), layout: .outputLast)
        let window = try same(x, kernel: kernel, stride: stride)
        return try add(name, [x]) { () throws(GraphError) in .depthwiseConv2D(try DepthwiseConv2D(window: window, channels: channels, filter: filter)) }
    }

    /// The mean over a window, of the pixels that are inside of the map.
    package mutating func averagePoolSame(_ name: String, _ x: Value, kernel: Int, stride: Int) throws(ModelError) -> Value {
        let window = try same(x, kernel: kernel, stride: stride)
        return try add(name, [x]) { .averagePool2D(AveragePool2D(window: window, countIncludesPadding: false)) }
    }

    /// Batch normalisation with `name/gamma`, `/beta`, `/moving_mean` and `/moving_variance`.
    package mutating func batchNormTF(_ name: String, _ x: Value, epsilon: Double) throws(ModelError) -> Value {
        let weight = try weights.vector(name + "/gamma", x.shape.c), bias = try weights.vector(name + "/beta", x.shape.c)
        let mean = try weights.vector(name + "/moving_mean", x.shape.c, role: .statistic)
        let variance = try weights.vector(name + "/moving_variance", x.shape.c, role: .statistic)
        return try add(name, [x]) { () throws(GraphError) in
            .batchNorm(try BatchNorm(weight: weight, bias: bias, mean: mean, variance: variance, epsilon: epsilon))
        }
    }

    /// Layer normalisation with `name/gamma` and `/beta`.
    package mutating func layerNormTF(_ name: String, _ x: Value, epsilon: Float) throws(ModelError) -> Value {
        let weight = try weights.vector(name + "/gamma", x.shape.c), bias = try weights.vector(name + "/beta", x.shape.c)
        return try add(name, [x]) { () throws(GraphError) in .layerNorm(try LayerNorm(weight: weight, bias: bias, epsilon: epsilon)) }
    }

    /// Queries, keys or values: `name/weight` `[inputs, heads, headSize]` and `name/bias` `[heads, headSize]`.
    package mutating func headLinear(_ name: String, _ x: Value, heads: Int, headSize: Int) throws(ModelError) -> Value {
        let inputs = x.shape.c, outputs = heads * headSize
        let weight = try weights.tensor(name + "/weight", [inputs, heads, headSize])
        let bias = try weights.tensor(name + "/bias", [heads, headSize]).floats()
        return try matrix(name, x, weight, inputs: inputs, outputs: outputs, bias: bias)
    }

    /// What follows the heads: `name/weight` `[heads, headSize, outputs]` and `name/bias` `[outputs]`.
    package mutating func outputLinear(_ name: String, _ x: Value, heads: Int, outputs: Int) throws(ModelError) -> Value {
        let inputs = x.shape.c
        let weight = try weights.tensor(name + "/weight", [heads, inputs / heads, outputs])
        return try matrix(name, x, weight, inputs: inputs, outputs: outputs, bias: weights.vector(name + "/bias", outputs))
    }

    /// Multi-head attention inside of windows, of queries, keys and values of one shape.
    package mutating func windowedAttention(
        _ name: String, _ factors: [Value], heads: Int, window: InputSize, scale: Float, positionBias: [Float]?
    ) throws(ModelError) -> Value {
        try add(name, factors) { () throws(GraphError) in
            .windowedAttention(
                try WindowedAttention(heads: heads, windowHeight: window.height, windowWidth: window.width, scale: scale, positionBias: positionBias))
        }
    }

    /// `a * b`, `b` repeated over the pixels.
    package mutating func multiply(_ name: String, _ a: Value, _ b: Value) throws(ModelError) -> Value { try add(name, [a, b]) { .multiply(Multiply()) } }

    /// A product with a weight whose dimensions multiply to `inputs` and `outputs`.
    private mutating func matrix(_ name: String, _ x: Value, _ weight: Constant, inputs: Int, outputs: Int, bias: [Float]) throws(ModelError) -> Value {
        guard let weight = weight.reshaped([inputs, outputs]) else { throw ModelError(.weights, "\(name): \(weight.dimensions) is no \(inputs)x\(outputs)") }
        return try add(name, [x]) { () throws(GraphError) in
            .linear(try Linear(inputFeatures: inputs, outputFeatures: outputs, filter: Filter(weight, layout: .outputLast, bias: bias)))
        }
    }

    private func same(_ x: Value, kernel: Int, stride: Int) throws(ModelError) -> SlidingWindow {
        try graphResult(.config) { () throws(GraphError) in
            try SlidingWindow(kernel, stride: stride, padding: .same(height: x.shape.h, width: x.shape.w, kernel: kernel, stride: stride))
        }
    }

    /// Makes an op and appends it.
    private mutating func add(_ name: String, _ values: [Value], _ op: () throws(GraphError) -> Op) throws(ModelError) -> Value {
        let made = try graphResult(.config, op)
        do {
            return try graph.append(made, values, name: name)
        } catch {
            throw ModelError(error.code == .weights ? .weights : .input, error.description)
        }
    }
}

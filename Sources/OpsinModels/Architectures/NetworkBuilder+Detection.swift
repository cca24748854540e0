package import OpsinGraph

/// Layers that detectors are made of.
extension NetworkBuilder {
    /// Group normalisation with `name.weight` and `.bias`.
    package mutating func groupNorm(_ name: String, _ x: Value, groups: Int, epsilon: Float) throws(ModelError) -> Value {
        let weight = try weights.vector(name + ".weight", x.shape.c), bias = try weights.vector(name + ".bias", x.shape.c)
        let op = try graphResult(.weights) { () throws(GraphError) in try GroupNorm(groups: groups, weight: weight, bias: bias, epsilon: epsilon) }
        return try append(.groupNorm(op), [x], name)
    }

    /// The largest value of a window.
    package mutating func maxPool(_ name: String, _ x: Value, kernel: Int, stride: Int, padding: Int) throws(ModelError) -> Value {
        let window = try graphResult(.config) { () throws(GraphError) in
            try SlidingWindow(kernel, stride: stride, padding: Padding(top: padding, left: padding, bottom: padding, right: padding))
        }
        return try append(.maxPool2D(MaxPool2D(window: window)), [x], name)
    }

    /// The pixels of a map as a row of tokens `[n, 1, h * w, c]`.
    package mutating func tokens(_ name: String, _ x: Value) throws(ModelError) -> Value {
        let shape = try graphResult(.input) { () throws(GraphError) in try Shape(n: x.shape.n, h: 1, w: x.shape.h * x.shape.w, c: x.shape.c) }
        return try reshape(name, x, to: shape)
    }

    /// The perceptron at the end of a transformer layer, its residual and its norm: `name.fc1`, `.fc2`, `.final_layer_norm`.
    package mutating func feedForward(_ name: String, _ x: Value, inner: Int, activation: ActivationFunction, epsilon: Float) throws(ModelError) -> Value {
        var y = try linear("\(name).fc1", x, outputs: inner)
        y = try self.activation("\(name).fc1.act", y, activation)
        y = try linear("\(name).fc2", y, outputs: x.shape.c)
        return try layerNorm("\(name).final_layer_norm", add("\(name).add", y, x), epsilon: epsilon)
    }
}

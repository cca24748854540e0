package import OpsinGraph

/// Layers over rows of tokens `[n, 1, tokens, c]`, and what leads from maps to tokens and back.
extension NetworkBuilder {
    /// Layer normalisation with `name.weight` and `.bias`.
    package mutating func layerNorm(_ name: String, _ x: Value, epsilon: Float) throws(ModelError) -> Value {
        try append(.layerNorm(layerNorm(name, channels: x.shape.c, epsilon: epsilon)), [x], name)
    }

    /// The op of a layer normalisation that several places share.
    package mutating func layerNorm(_ name: String, channels: Int, epsilon: Float) throws(ModelError) -> LayerNorm {
        let weight = try weights.vector(name + ".weight", channels), bias = try weights.vector(name + ".bias", channels)
        return try graphResult(.weights) { () throws(GraphError) in try LayerNorm(weight: weight, bias: bias, epsilon: epsilon) }
    }

    /// The same elements under another shape.
    package mutating func reshape(_ name: String, _ x: Value, to shape: Shape) throws(ModelError) -> Value {
        try append(.reshape(Reshape(to: shape)), [x], name)
    }

    /// Some neighbours along one axis.
    package mutating func slice(_ name: String, _ x: Value, axis: Axis, start: Int, count: Int) throws(ModelError) -> Value {
        let op = try graphResult(.input) { () throws(GraphError) in try Slice(axis: axis, start: start, count: count) }
        return try append(.slice(op), [x], name)
    }

    /// Rows of tokens behind each other, or whatever else differs along one axis only.
    package mutating func concat(_ name: String, _ values: [Value], axis: Axis) throws(ModelError) -> Value {
        try append(.concat(Concat(axis: axis)), values, name)
    }
}

package import OpsinGraph

/// Layers without weights that dense heads put between their convolutions.
extension NetworkBuilder {
    /// `x` with another number of rows and columns.
    package mutating func resize(
        _ name: String, _ x: Value, height: Int, width: Int, method: Resize.Method, coordinates: Resize.Coordinates
    ) throws(ModelError) -> Value {
        let op = try graphResult(.input) { () throws(GraphError) in
            try Resize(height: height, width: width, method: method, coordinates: coordinates)
        }
        return try append(.resize(op), [x], name)
    }

    /// The channels of all maps, one after the other.
    package mutating func concat(_ name: String, _ maps: [Value]) throws(ModelError) -> Value { try append(.concat(Concat()), maps, name) }

    /// Channels `start`, `start + step`, ... of `x`, `count` of them.
    package mutating func channels(_ name: String, _ x: Value, start: Int, count: Int, step: Int = 1) throws(ModelError) -> Value {
        let op = try graphResult(.config) { () throws(GraphError) in try Slice(axis: .c, start: start, count: count, step: step) }
        return try append(.slice(op), [x], name)
    }
}

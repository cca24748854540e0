/// The axes of an activation, in the order of its bytes.
package enum Axis: Int, Hashable, Sendable {
    case n, h, w, c
}

/// Joins its inputs along one axis; the other dimensions must be equal.
package struct Concat: OpRule {
    package let axis: Axis

    package init(axis: Axis = .c) { self.axis = axis }

    package var inputCount: ClosedRange<Int> { 1...64 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        var sum = 0
        for shape in inputs {
            guard try shape.replacing(axis, by: 1) == inputs[0].replacing(axis, by: 1) else {
                throw .shape("Concat along \(axis): \(inputs.map(\.description).joined(separator: ", ")) differ in another dimension")
            }
            sum += shape.extent(axis)
        }
        return try inputs[0].replacing(axis, by: sum)
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost { Cost(readElements: y.count, writtenElements: y.count) }
}

extension Shape {
    package func extent(_ axis: Axis) -> Int {
        switch axis {
        case .n: n
        case .h: h
        case .w: w
        case .c: c
        }
    }

    package func replacing(_ axis: Axis, by extent: Int) throws(GraphError) -> Shape {
        switch axis {
        case .n: try with(n: extent)
        case .h: try with(h: extent)
        case .w: try with(w: extent)
        case .c: try with(c: extent)
        }
    }
}

/// A range of one axis: elements `start`, `start + step`, ... (`count` of them) along `axis`, everything along the others.
package struct Slice: OpRule {
    package let axis: Axis
    package let start: Int
    package let count: Int
    package let step: Int

    /// `start` at least 0, `count` and `step` at least 1.
    package init(axis: Axis, start: Int, count: Int, step: Int = 1) throws(GraphError) {
        let limit = 1 << 31
        guard (0..<limit).contains(start), (1..<limit).contains(count), (1..<limit).contains(step) else {
            throw .attribute("Slice: start \(start), count \(count), step \(step) are out of range")
        }
        (self.axis, self.start, self.count, self.step) = (axis, start, count, step)
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let extent = inputs[0].extent(axis)
        guard start + (count - 1) * step < extent else {
            throw .shape("Slice: \(count) elements from \(start) by \(step) along \(axis) do not fit into \(inputs[0])")
        }
        return try inputs[0].replacing(axis, by: count)
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost { Cost(readElements: y.count, writtenElements: y.count) }
}

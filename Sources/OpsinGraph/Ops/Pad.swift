/// Rows and columns of a constant around each map.
package struct Pad: OpRule {
    package let padding: Padding
    package let value: Float

    package init(padding: Padding, value: Float = 0) throws(GraphError) {
        for side in [padding.top, padding.left, padding.bottom, padding.right] {
            guard (0...(1 << 20)).contains(side) else { throw .attribute("Pad: \(side) is out of range, expected 0 to 2^20") }
        }
        (self.padding, self.value) = (padding, value)
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let x = inputs[0]
        return try x.with(h: x.h + padding.top + padding.bottom, w: x.w + padding.left + padding.right)
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost { Cost(readElements: inputs[0].count, writtenElements: y.count) }
}

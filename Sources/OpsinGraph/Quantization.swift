/// What the bytes of a quantised value stand for: `scale * (byte - zero)`, bytes of 0 to 255.
///
/// Unsigned with a zero point, because that is what the byte products of x86 take, and because behind a ReLU all 256 steps then serve.
package struct Quantization: Hashable, Sendable {
    package let scale: Float
    package let zero: Int

    /// Nil unless the scale is finite, above 1e-30 and below 1e30, and the zero point a byte.
    package init?(scale: Float, zero: Int) {
        guard scale > 1e-30, scale < 1e30, (0...255).contains(zero) else { return nil }
        (self.scale, self.zero) = (scale, zero)
    }

    /// The steps that cover `low...high` and zero, which padding and ReLU need exactly; nil for numbers that are not finite.
    package init?(covering low: Float, _ high: Float) {
        guard low.isFinite, high.isFinite else { return nil }
        let low = min(low, 0), high = max(high, 0)
        // A value that is always zero still needs a step.
        let scale = max((high - low) / 255, 1e-20)
        self.init(scale: scale, zero: Int(max(0, min(255, (-low / scale).rounded(.toNearestOrEven)))))
    }

    /// The byte that is nearest to `value`.
    package func byte(_ value: Float) -> Int {
        guard value == value else { return 0 }
        return Int(max(0, min(255, (value / scale).rounded(.toNearestOrEven) + Float(zero))))
    }
}

/// A node that runs in floating point in a quantised graph.
package struct QuantizationRefusal: Hashable, Sendable {
    /// The node's name and its op's.
    package let node: String
    package let op: String
    package let reason: String

    package init(node: String, op: String, reason: String) { (self.node, self.op, self.reason) = (node, op, reason) }
}

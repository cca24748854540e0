package import OpsinModels

/// A number for each pixel of the upright image that says how far away it is.
public struct DepthMap: Hashable, Sendable {
    /// What the numbers mean.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Larger is nearer; scale and shift are unknown.
        case relativeInverse = "relative_inverse"
        /// Larger is farther; the scale is unknown.
        case relative
        /// Metres from the camera.
        case metric
    }

    /// What the numbers mean.
    public let kind: Kind
    /// Columns of the upright image.
    public let width: Int
    /// Rows of the upright image.
    public let height: Int
    /// `[height, width]`
    public let values: [Float]
    /// Least finite value; 0 when there is none.
    public let minimum: Float
    /// Largest finite value; 0 when there is none.
    public let maximum: Float

    package init(kind: Kind, width: Int, height: Int, values: [Float], minimum: Float, maximum: Float) {
        (self.kind, self.width, self.height, self.values) = (kind, width, height, values)
        (self.minimum, self.maximum) = (minimum, maximum)
    }
}

extension DepthMap {
    package var json: JSON {
        [
            "kind": .string(kind.rawValue), "min": .number(Double("\(minimum)") ?? Double(minimum)), "max": .number(Double("\(maximum)") ?? Double(maximum)),
            "width": .integer(width), "height": .integer(height),
        ]
    }
}

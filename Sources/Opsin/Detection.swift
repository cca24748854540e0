package import OpsinModels

/// A rectangle in pixels of the upright image; the origin is its top left corner, the centre of the first pixel lies at (0.5, 0.5).
public struct Box: Hashable, Sendable {
    /// Left edge.
    public let x0: Float
    /// Top edge.
    public let y0: Float
    /// Right edge, not below `x0` in a valid box.
    public let x1: Float
    /// Bottom edge.
    public let y1: Float

    /// From its four sides.
    public init(x0: Float, y0: Float, x1: Float, y1: Float) { (self.x0, self.y0, self.x1, self.y1) = (x0, y0, x1, y1) }

    /// The part of the box that lies on an image of that size.
    public func clipped(width: Int, height: Int) -> Box {
        let right = Float(width), bottom = Float(height)
        return Box(x0: min(max(x0, 0), right), y0: min(max(y0, 0), bottom), x1: min(max(x1, 0), right), y1: min(max(y1, 0), bottom))
    }
}

/// One object that a detector found.
public struct Detection: Hashable, Sendable {
    /// Index of the class in the model's own numbering.
    public let labelID: Int
    /// The class's name from the model folder; its number where the folder names none.
    public let label: String
    /// How sure the model is, 0...1.
    public let score: Float
    /// Where it is.
    public let box: Box

    /// From its parts.
    public init(labelID: Int, label: String, score: Float, box: Box) { (self.labelID, self.label, self.score, self.box) = (labelID, label, score, box) }
}

extension Detection {
    package var json: JSON {
        [
            "label_id": .integer(labelID), "label": .string(label), "score": .number(Double("\(score)") ?? Double(score)),
            "box": .array([box.x0, box.y0, box.x1, box.y1].map { .number(Double("\($0)") ?? Double($0)) }),
        ]
    }
}

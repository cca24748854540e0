package import OpsinModels
internal import OpsinVision

/// One label that a classifier found.
public struct Classification: Hashable, Sendable {
    /// Index of the class in the model's own numbering.
    public let labelID: Int
    /// The class's name from the model folder; its number where the folder names none.
    public let label: String
    /// Probability after softmax over all classes (one class: after a sigmoid), 0...1.
    public let score: Float

    public init(labelID: Int, label: String, score: Float) { (self.labelID, self.label, self.score) = (labelID, label, score) }
}

extension Classification {
    package var json: JSON {
        ["label_id": .integer(labelID), "label": .string(label), "score": .number(Double(score))]
    }
}

extension Model {
    /// The best classes that `options` admit, best first, ties by id.
    func classes(logits: [Float], _ options: TaskOptions) -> [Classification] {
        let scores = classProbabilities(logits: logits)
        let admitted = scores.indices.filter { scores[$0] > options.threshold ?? -1 && options.admits($0, label($0)) }
        return topIndices(of: scores, among: admitted, count: options.topK).map { Classification(labelID: $0, label: label($0), score: scores[$0]) }
    }
}

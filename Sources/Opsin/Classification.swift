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

    /// From its parts.
    public init(labelID: Int, label: String, score: Float) { (self.labelID, self.label, self.score) = (labelID, label, score) }
}

extension Classification {
    package var json: JSON {
        ["label_id": .integer(labelID), "label": .string(label), "score": .number(Double("\(score)") ?? Double(score))]
    }
}

extension Model {
    /// The best classes that `options` admit, best first, ties by id.
    func classes(_ tensors: [Tensor], _ options: TaskOptions) throws(OpsinError) -> [Classification] {
        let logits = try output("logits", of: tensors)
        let expected = network.architecture.classCount
        guard logits.values.count == expected else { throw OpsinError(.argument, "logits is \(logits.dimensions), expected [1, \(expected)]") }
        do {
            let scores = try OpsinVision.Classification.probabilities(logits.values)
            // What is not admitted cannot pass any threshold; the scores of the others stay those of the whole softmax.
            let admitted = scores.enumerated().map { options.admits($0.offset, label($0.offset)) ? $0.element : -1 }
            let best = OpsinVision.Classification.top(
                options.topK == 0 ? scores.count : options.topK, of: admitted, threshold: max(options.threshold ?? -0.5, -0.5))
            return best.map { Classification(labelID: $0.label, label: label($0.label), score: $0.score) }
        } catch {
            throw OpsinError(.model, "\(path): \(error.description)")
        }
    }
}

extension Model {
    /// The raw output of that name.
    func output(_ name: String, of tensors: [Tensor]) throws(OpsinError) -> Tensor {
        guard let tensor = tensors.first(where: { $0.name == name }) else {
            throw OpsinError(.argument, "no tensor \"\(name)\" among \(tensors.map(\.name).joined(separator: ", "))")
        }
        return tensor
    }
}

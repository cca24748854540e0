import Glibc

/// A class and how sure the model is of it.
package struct ClassScore: Hashable, Sendable {
    /// Index into the model's labels.
    package var label: Int
    /// 0 to 1.
    package var score: Float

    package init(label: Int, score: Float) { (self.label, self.score) = (label, score) }
}

/// From the logits of a classifier to its best classes, as the transformers pipeline does it.
package enum Classification {
    /// Softmax with the maximum subtracted first; one class alone takes a sigmoid. Throws when a logit is not a number.
    package static func probabilities(_ logits: [Float]) throws(VisionError) -> [Float] {
        guard !logits.isEmpty else { throw VisionError(.argument, "expected at least one logit, found none") }
        if let bad = logits.firstIndex(where: \.isNaN) { throw VisionError(.argument, "expected numbers as logits, found NaN at class \(bad)") }
        if logits.count == 1 { return [Float(1 / (1 + exp(-Double(logits[0]))))] }
        let largest = logits.max() ?? 0
        guard largest.isFinite else { throw VisionError(.argument, "expected finite logits, found \(largest) as the largest") }
        let powers = logits.map { exp(Double($0 - largest)) }
        let sum = powers.reduce(0, +)
        return powers.map { Float($0 / sum) }
    }

    /// The best `count` classes, best first, with a threshold those strictly above it; equal scores in the order of their labels.
    package static func top(_ count: Int, of scores: [Float], threshold: Float? = nil) -> [ClassScore] {
        guard count > 0 else { return [] }
        let kept = scores.indices.filter { index in threshold.map { scores[index] > $0 } ?? true }
        let sorted = kept.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
        return sorted.prefix(count).map { ClassScore(label: $0, score: scores[$0]) }
    }
}

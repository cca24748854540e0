import Glibc

/// An object in relative coordinates: which class a query shows, how surely, and where.
package struct DetectedObject: Hashable, Sendable {
    /// Index into the model's labels.
    package var label: Int
    /// 0 to 1.
    package var score: Float
    /// Which of the model's answers it is; one query may be several objects, each with a label of its own.
    package var query: Int

    package init(label: Int, score: Float, query: Int) { (self.label, self.score, self.query) = (label, score, query) }
}

/// From the raw outputs of a detector of the DETR family to its objects, as transformers' image processors do it.
///
/// Each of queries x classes is a candidate by itself: sigmoid, no softmax, no "no object" class, no suppression of overlapping boxes
/// (`DeformableDetrImageProcessor`, `RTDetrImageProcessor.post_process_object_detection`).
package enum Detection {
    /// The best `count` of all queries and classes whose scores are above `threshold`, best first, equal scores in the order of queries, then classes.
    ///
    /// `logits` is `[queries, classes]`. A score that is not a number is no object. Throws when the logits do not split into queries.
    package static func best(
        _ count: Int, ofLogits logits: [Float], classes: Int, threshold: Float, admits: (Int) -> Bool = { _ in true }
    ) throws(VisionError) -> [DetectedObject] {
        guard classes >= 1, !logits.isEmpty, logits.count % classes == 0 else {
            throw VisionError(.argument, "expected logits of \(classes) classes a query, found \(logits.count) numbers")
        }
        guard count > 0 else { return [] }
        let admitted = (0..<classes).map(admits)
        var best: [DetectedObject] = []
        // The score to beat: the threshold until there are enough, then the last one's. Most candidates fall at the comparison of logits, without an exp.
        var floor = threshold
        var logitFloor = logit(threshold)
        for (index, value) in logits.enumerated() where value >= logitFloor && admitted[index % classes] {
            let score = Float(1 / (1 + exp(-Double(value))))
            guard score > floor else { continue }
            var (low, high) = (0, best.count)
            while low < high {
                let middle = (low + high) / 2
                if best[middle].score >= score { low = middle + 1 } else { high = middle }
            }
            best.insert(DetectedObject(label: index % classes, score: score, query: index / classes), at: low)
            guard best.count >= count else { continue }
            if best.count > count { best.removeLast() }
            floor = best[count - 1].score
            logitFloor = logit(floor)
        }
        return best
    }

    /// A little below the smallest logit whose score can be above `score`.
    private static func logit(_ score: Float) -> Float {
        guard score > 0 else { return -.infinity }
        // Near 1 scores are too coarse to go back from: many logits share one.
        guard score < 0.999 else { return 6.8 }
        return Float(log(Double(score) / (1 - Double(score)))) - 0.01
    }

    /// The corners left, top, right, bottom of the box of `query`, in pixels of the picture; nil when one is not a finite number.
    ///
    /// `boxes` is `[queries, 4]`: centre and size, in shares of the model's input. Boxes may reach beyond the picture.
    package static func corners(_ query: Int, of boxes: [Float], _ mapping: ImageMapping) -> [Float]? {
        guard query >= 0, query < boxes.count / 4 else { return nil }
        let box = boxes[4 * query..<4 * query + 4].map { Double($0) }
        let (width, height) = (Double(mapping.inputWidth), Double(mapping.inputHeight))
        let low = mapping.sourcePoint(x: (box[0] - box[2] / 2) * width, y: (box[1] - box[3] / 2) * height)
        let high = mapping.sourcePoint(x: (box[0] + box[2] / 2) * width, y: (box[1] + box[3] / 2) * height)
        let corners = [low.x, low.y, high.x, high.y].map { Float($0) }
        return corners.allSatisfy(\.isFinite) ? corners : nil
    }
}

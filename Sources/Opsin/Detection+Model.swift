internal import OpsinModels
internal import OpsinVision

extension Model {
    /// Throws when `options` name a label that the model does not have.
    package func check(_ options: TaskOptions) throws(OpsinError) {
        for (name, wanted) in [("allow", options.allow), ("deny", options.deny)] {
            for label in wanted.sorted() where !labels.contains(label) && !(Int(label).map(labels.indices.contains) ?? false) {
                throw OpsinError(.argument, "--\(name): \(path) has no label \"\(label.prefix(80))\" (expected names or numbers of its \(labels.count))")
            }
        }
    }

    /// Most objects that a detector gives unless the caller wants another number, as in transformers.
    static let usualObjectCount = 100
    /// The score that an object needs unless the caller or the architecture says otherwise.
    static let usualObjectThreshold: Float = 0.5

    /// The objects that `options` admit, best first, in pixels of the upright image.
    func detections(_ tensors: [Tensor], _ mapping: ImageMapping, _ options: TaskOptions) throws(OpsinError) -> [Detection] {
        let logits = try output("logits", of: tensors), boxes = try output("pred_boxes", of: tensors)
        let classes = network.architecture.classCount
        guard logits.dimensions.count == 3, logits.dimensions[0] == 1, logits.dimensions[2] == classes else {
            throw OpsinError(.argument, "logits is \(logits.dimensions), expected [1, queries, \(classes)]")
        }
        guard boxes.dimensions == [1, logits.dimensions[1], 4] else {
            throw OpsinError(.argument, "pred_boxes is \(boxes.dimensions), expected [1, \(logits.dimensions[1]), 4]")
        }
        guard logits.values.contains(where: \.isFinite) else {
            throw OpsinError(.model, "\(path): no score is a finite number (broken weights, or an input that the precision cannot hold)")
        }
        let found: [DetectedObject]
        do {
            found = try OpsinVision.Detection.best(
                options.maximumCount > 0 ? options.maximumCount : Self.usualObjectCount, ofLogits: logits.values, classes: classes,
                threshold: options.threshold ?? network.architecture.objectThreshold ?? Self.usualObjectThreshold,
                // COCO's numbers have gaps, which are classes of the model that name nothing.
                admits: { options.admits($0, label($0)) && label($0) != "N/A" })
        } catch {
            throw OpsinError(.model, "\(path): \(error.description)")
        }
        var detections: [Detection] = []
        for object in found {
            guard let corners = OpsinVision.Detection.corners(object.query, of: boxes.values, mapping) else { continue }
            let box = Box(x0: corners[0], y0: corners[1], x1: corners[2], y1: corners[3])
            let shown = options.clipsBoxes ? box.clipped(width: mapping.imageWidth, height: mapping.imageHeight) : box
            detections.append(Detection(labelID: object.label, label: label(object.label), score: object.score, box: shown))
        }
        return detections
    }
}

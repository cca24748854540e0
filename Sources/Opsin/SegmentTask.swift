internal import OpsinModels
internal import OpsinVision

extension Model {
    /// The mask of the image that `mapping` speaks of, and the probabilities as a tensor if they are wanted. `made` is what a device made already.
    func segmentation(
        _ tensors: [Tensor], _ mapping: ImageMapping, _ options: TaskOptions, made: DeviceMask? = nil, _ parallel: Parallel
    ) throws(OpsinError) -> (answer: Segmentation, probabilities: Tensor?) {
        let logits = try output("logits", of: tensors), classes = network.architecture.classCount
        guard logits.dimensions.count == 4, logits.dimensions[0] == 1, logits.dimensions[1] == classes else {
            throw OpsinError(.argument, "logits is \(logits.dimensions), expected [1, \(classes), rows, columns]")
        }
        let mask: LabelMask
        do throws(VisionError) {
            if let made {
                try LabelMask.check(logits.values, each: logits.dimensions[2] * logits.dimensions[3])
                mask = try LabelMask(labels: made.labels, confidence: made.confidence, classes: classes, mapping: mapping, parallel: parallel)
            } else {
                mask = try LabelMask(
                    logits: logits.values, classes: classes, rows: logits.dimensions[2], columns: logits.dimensions[3], mapping: mapping,
                    wanted: LabelMask.Wanted(confidence: options.wantsConfidence, probabilities: options.wantsProbabilities), parallel: parallel)
            }
        } catch {
            throw OpsinError(error, name: path)
        }
        let pixels = mask.width * mask.height
        let found = mask.counts.indices.filter { mask.counts[$0] > 0 && options.admits($0, label($0)) }
        let segments = found.map { Segment(labelID: $0, label: label($0), pixels: mask.counts[$0], share: Double(mask.counts[$0]) / Double(pixels)) }
        let answer = Segmentation(
            width: mask.width, height: mask.height, labelIDs: mask.labels, confidence: mask.confidence,
            segments: segments.sorted { $0.pixels != $1.pixels ? $0.pixels > $1.pixels : $0.labelID < $1.labelID },
            regions: options.wantsRegions ? regions(of: mask, options) : [])
        let probabilities = mask.probabilities.map { Tensor(name: "probabilities", trusted: [mask.height, mask.width, classes], values: $0) }
        return (answer, probabilities)
    }

    private func regions(of mask: LabelMask, _ options: TaskOptions) -> [Region] {
        LabelMask.regions(of: mask.labels, width: mask.width, height: mask.height).filter { options.admits($0.label, label($0.label)) }.map { region in
            Region(
                labelID: region.label, label: label(region.label), pixels: region.pixels,
                box: Box(x0: Float(region.left), y0: Float(region.top), x1: Float(region.right), y1: Float(region.bottom)), firstColumn: region.firstColumn,
                firstRow: region.top)
        }
    }
}

extension Segmentation {
    /// The outer outline of a region as corners `[x, y, x, y, ...]` of a closed polygon along the pixels' edges, clockwise, in pixels of the upright image.
    public func outline(of region: Region) -> [Float] {
        LabelMask.outline(of: labelIDs, width: width, height: height, column: region.firstColumn, row: region.firstRow)
    }

    /// The pixels of a label as COCO's compressed run-length encoding: the `counts` of `{"size": [height, width], "counts"}`. A label that does not occur
    /// gives an empty mask.
    public func runLengthText(of labelID: Int) -> String {
        LabelMask.compressed(LabelMask.runs(of: labelID, in: labelIDs, width: width, height: height))
    }

    /// Writes the label of each pixel as a PNG: 8 bits with PASCAL VOC's colours as palette, 255 for what the model did not see; 16 bits gray when a label
    /// does not fit into 8.
    public func write(to path: String) throws(OpsinError) {
        do {
            try LabelPNG(width: width, height: height, labels: labelIDs).write(to: path)
        } catch {
            throw OpsinError(error)
        }
    }
}

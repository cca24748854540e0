package import CKernels

/// For masks that another device makes of the same logits.
extension LabelMask {
    /// Where the pixels of a picture lie along one side of a map of logits.
    package struct Places: Hashable, Sendable {
        /// `[pixels, 2]`: the index of the logit before each pixel's centre, and how far to the next.
        package let values: [Float]
        /// The pixels that the model saw.
        package let seen: Range<Int>
    }

    /// Where the rows and the columns of the picture that `mapping` speaks of lie among `rows` x `columns` logits. Throws when the mask would be too large.
    package static func places(_ mapping: ImageMapping, rows: Int, columns: Int) throws(VisionError) -> (rows: Places, columns: Places) {
        _ = try pixels(mapping.imageWidth, mapping.imageHeight)
        let (down, across) = MaskAxis.both(mapping, rows: rows, columns: columns)
        return (
            Places(values: down.places(mapping.imageHeight), seen: down.seen), Places(values: across.places(mapping.imageWidth), seen: across.seen)
        )
    }

    /// Throws when a logit is not a finite number; `each` is how many there are of a label.
    package static func check(_ logits: [Float], each: Int) throws(VisionError) {
        guard let bad = logits.firstIndex(where: { !$0.isFinite }) else { return }
        throw VisionError(.argument, "expected finite logits, found \(logits[bad]) for label \(bad / max(each, 1))")
    }

    /// A mask that another device made, with the pixels of each label counted. Throws when its size is not the picture's.
    package init(
        labels: [UInt16], confidence: [Float]?, classes: Int, mapping: ImageMapping, isa: opsin_isa? = nil, parallel: Parallel = .serial
    ) throws(VisionError) {
        let pixels = try Self.pixels(mapping.imageWidth, mapping.imageHeight)
        guard labels.count == pixels, confidence.map({ $0.count == pixels }) ?? true, (1...Self.maximumLabels).contains(classes) else {
            throw VisionError(
                .argument, "a mask of \(labels.count) pixels and \(classes) labels, expected \(mapping.imageWidth) x \(mapping.imageHeight) pixels")
        }
        let strip = max(1 << 16, (pixels + 31) / 32), tasks = (pixels + strip - 1) / strip
        var strips = [UInt32](repeating: 0, count: tasks * classes)
        unsafe labels.withUnsafeBufferPointer { labels in
            unsafe strips.withUnsafeMutableBufferPointer { strips in
                guard let labels = labels.baseAddress, let strips = strips.baseAddress else { return }
                let arguments = unsafe opsin_label_counts_arguments(mask: labels, pixels: pixels, strip: strip, channels: classes, counts: strips)
                unsafe parallel.run(opsin_label_counts(isa ?? opsin_resize_isa()), arguments, tasks: tasks)
            }
        }
        self.init(
            width: mapping.imageWidth, height: mapping.imageHeight, labels: labels, confidence: confidence,
            counts: (0..<classes).map { label in (0..<tasks).reduce(0) { $0 + Int(strips[$1 * classes + label]) } })
    }
}

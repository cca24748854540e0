package import CKernels

/// A label for each pixel of a picture, made from a coarse map of logits: interpolated first, the largest taken after that.
package struct LabelMask: Hashable, Sendable {
    /// The label of a pixel that the model did not see.
    package static let outside = UInt16(OPSIN_LABEL_OUTSIDE)
    /// Most pixels of a mask.
    package static let maximumPixels = 1 << 31
    /// Most labels: one number stays for `outside`.
    package static let maximumLabels = 65535

    package let width: Int
    package let height: Int
    /// `[height, width]`, row by row.
    package let labels: [UInt16]
    /// `[height, width]`: softmax over all labels, the probability of the one that was taken; 0 outside. Nil unless it was asked for.
    package let confidence: [Float]?
    /// `[height, width, labels]`: softmax over all labels; 0 outside. Nil unless it was asked for.
    package let probabilities: [Float]?
    /// Pixels of each label.
    package let counts: [Int]

    /// What is made beside the labels. No map of logits at the picture's size exists unless probabilities are wanted.
    package struct Wanted: Hashable, Sendable {
        package var confidence = false
        package var probabilities = false

        package init(confidence: Bool = false, probabilities: Bool = false) { (self.confidence, self.probabilities) = (confidence, probabilities) }
    }

    /// The mask of the picture that `mapping` speaks of. `logits` are `[classes, rows, columns]` over the whole input of the model.
    ///
    /// Bilinear with pixel centres at halves and no antialiasing; of equal logits the lowest label. Throws for logits that are not finite or do not fit, and
    /// for a mask of more than `maximumPixels`, before anything of that size is allocated.
    package init(
        logits: [Float], classes: Int, rows: Int, columns: Int, mapping: ImageMapping, wanted: Wanted = Wanted(), isa: opsin_isa? = nil,
        parallel: Parallel = .serial
    ) throws(VisionError) {
        let pixels = try Self.pixels(mapping.imageWidth, mapping.imageHeight)
        guard (1...Self.maximumLabels).contains(classes) else {
            throw VisionError(.argument, "a mask of \(classes) labels, expected 1 to \(Self.maximumLabels)")
        }
        guard (1...65536).contains(rows), (1...65536).contains(columns), rows * columns <= Int.max / 8 / classes, logits.count == rows * columns * classes
        else {
            throw VisionError(.argument, "\(logits.count) logits, expected \(classes) labels x \(rows) rows x \(columns) columns of at most 65536")
        }
        try Self.check(logits, each: rows * columns)
        guard !wanted.probabilities || pixels <= Self.maximumPixels / classes else {
            throw VisionError(
                .tooLarge, "probabilities of \(classes) labels for \(mapping.imageWidth) x \(mapping.imageHeight) pixels, expected at most 2^31 numbers")
        }
        let (down, across) = MaskAxis.both(mapping, rows: rows, columns: columns)
        let isa = isa ?? opsin_resize_isa()
        let packed = PackedLogits(logits, classes: classes, rows: rows, columns: columns, isa: isa, parallel)

        let width = mapping.imageWidth, height = mapping.imageHeight
        // At most 32 strips, each with counts of its own.
        let strip = max(8, (height + 31) / 32), tasks = (height + strip - 1) / strip
        var strips = [UInt32](repeating: 0, count: tasks * classes)
        var confidence = [Float](repeating: 0, count: wanted.confidence ? pixels : 0)
        // Whole vectors are read behind the last number.
        var probabilities = [Float](repeating: 0, count: wanted.probabilities ? pixels * classes + 16 : 0)
        labels = unsafe [UInt16](unsafeUninitializedCapacity: pixels) { mask, count in
            unsafe LargePages.advise(mask.baseAddress, pixels * 2)
            unsafe confidence.withUnsafeMutableBufferPointer { confidence in
                unsafe probabilities.withUnsafeMutableBufferPointer { probabilities in
                    unsafe strips.withUnsafeMutableBufferPointer { strips in
                        guard let mask = mask.baseAddress, let strips = strips.baseAddress else { return }
                        let arguments = unsafe opsin_segmentation_mask_arguments(
                            packed: packed.values, labels: packed.labels, height: rows, width: columns, channels: classes, padded: packed.padded,
                            out_height: height, out_width: width, strip: strip, row_index: down.index, column_index: across.index,
                            row_weight: down.weight, column_weight: across.weight, column_start: across.start, first_row: down.seen.lowerBound,
                            end_row: down.seen.upperBound, first_column: across.seen.lowerBound, end_column: across.seen.upperBound, mask: mask,
                            confidence: wanted.confidence ? confidence.baseAddress : nil,
                            probabilities: wanted.probabilities ? probabilities.baseAddress : nil, counts: strips)
                        unsafe parallel.run(opsin_segmentation_mask(isa), arguments, tasks: tasks)
                    }
                }
            }
            count = pixels
        }
        if wanted.probabilities { probabilities.removeLast(16) }
        (self.width, self.height) = (width, height)
        self.confidence = wanted.confidence ? confidence : nil
        self.probabilities = wanted.probabilities ? probabilities : nil
        counts = (0..<classes).map { label in (0..<tasks).reduce(0) { $0 + Int(strips[$1 * classes + label]) } }
    }

    /// What is known already.
    init(width: Int, height: Int, labels: [UInt16], confidence: [Float]?, counts: [Int]) {
        (self.width, self.height, self.labels, self.confidence, probabilities, self.counts) = (width, height, labels, confidence, nil, counts)
    }

    /// The pixels of a mask of that size. Throws when there are too many, or none.
    package static func pixels(_ width: Int, _ height: Int) throws(VisionError) -> Int {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard width >= 1, height >= 1 else { throw VisionError(.argument, "a mask of \(width) x \(height), expected sides of at least 1") }
        guard !overflow, pixels <= maximumPixels else {
            throw VisionError(.tooLarge, "a mask of \(width) x \(height) pixels, expected at most 2^31")
        }
        return pixels
    }
}

/// Logits as the mask's kernel wants them, with the best label of each.
@safe private final class PackedLogits {
    let padded: Int
    let values: UnsafeMutablePointer<Float>
    let labels: UnsafeMutablePointer<UInt16>

    init(_ logits: [Float], classes: Int, rows: Int, columns: Int, isa: opsin_isa, _ parallel: Parallel) {
        padded = (classes + 15) / 16 * 16
        let cells = rows * columns
        unsafe values = UnsafeMutablePointer<Float>.allocate(capacity: cells * padded)
        unsafe labels = UnsafeMutablePointer<UInt16>.allocate(capacity: cells)
        unsafe logits.withUnsafeBufferPointer { stored in
            guard let stored = stored.baseAddress else { return }
            let arguments = unsafe opsin_pack_logits_arguments(
                logits: stored, height: rows, width: columns, channels: classes, row_stride: columns, pixel_stride: 1, channel_stride: cells, padded: padded,
                packed: values, labels: labels)
            unsafe parallel.run(opsin_pack_logits(isa), arguments, tasks: rows)
        }
    }

    deinit {
        unsafe values.deallocate()
        unsafe labels.deallocate()
    }
}

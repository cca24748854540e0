package import CKernels

/// A depth map at the size of the picture: what transformers' `post_process_depth_estimation` gives (bicubic with a = -0.75, pixel centres at halves, edges
/// repeated, no antialiasing; it may overshoot).
package struct DepthPlane: Hashable, Sendable {
    /// Longest side of a picture, and of a map.
    package static let maximumSide = 1 << 20

    package let width: Int
    package let height: Int
    /// `[height, width]`; NaN where the model did not see the picture.
    package let values: [Float]
    /// Least and largest finite value; nil when there is none.
    package let range: ClosedRange<Float>?

    /// The map of the picture that `mapping` speaks of. `predicted` are `[rows, columns]` over the whole input of the model.
    ///
    /// Throws when the numbers do not fit, and for sizes that would need too much memory, before it is allocated.
    package init(
        predicted: [Float], rows: Int, columns: Int, mapping: ImageMapping, isa: opsin_isa? = nil, parallel: Parallel = .serial
    ) throws(VisionError) {
        let (width, height) = (mapping.imageWidth, mapping.imageHeight), sides = 1...Self.maximumSide
        guard sides.contains(rows), sides.contains(columns), rows * columns == predicted.count else {
            throw VisionError(.argument, "a depth map of \(predicted.count) values, expected \(rows) rows of \(columns)")
        }
        guard sides.contains(width), sides.contains(height), width * height <= Image.maximumPixels, rows * width <= Image.maximumPixels else {
            throw VisionError(.tooLarge, "a depth map of \(columns) x \(rows) for \(width) x \(height) pixels, expected at most \(Image.maximumPixels)")
        }
        let across = DepthAxis(
            cells: columns, input: mapping.inputWidth, pixels: width, source: (mapping.source.x, mapping.source.width),
            target: (mapping.target.x, mapping.target.width))
        let down = DepthAxis(
            cells: rows, input: mapping.inputHeight, pixels: height, source: (mapping.source.y, mapping.source.height),
            target: (mapping.target.y, mapping.target.height))
        let isWhole = across.seen == 0..<width && down.seen == 0..<height
        let seen = across.seen.count, middle = unsafe Self.stretched(predicted, rows: rows, columns: columns, across, parallel)
        var ranges = [Float](repeating: .nan, count: 2 * down.seen.count)
        values = unsafe [Float](unsafeUninitializedCapacity: width * height) { out, count in
            if !isWhole { unsafe out.initialize(repeating: .nan) }
            count = width * height
            guard let start = out.baseAddress, seen > 0, !down.seen.isEmpty else { return }
            unsafe ranges.withUnsafeMutableBufferPointer { ranges in
                unsafe middle.withUnsafeBufferPointer { middle in
                    unsafe down.index.withUnsafeBufferPointer { index in
                        unsafe down.weight.withUnsafeBufferPointer { weight in
                            guard let x = middle.baseAddress, let index = index.baseAddress, let weight = weight.baseAddress, let ranges = ranges.baseAddress
                            else { return }
                            let arguments = unsafe opsin_depth_rows_arguments(
                                x: x, y: start + down.seen.lowerBound * width + across.seen.lowerBound, width: seen, stride: width, index: index,
                                weight: weight, range: ranges)
                            unsafe parallel.run(opsin_depth_rows(isa ?? opsin_resize_isa()), arguments, tasks: down.seen.count)
                        }
                    }
                }
            }
        }
        (self.width, self.height) = (width, height)
        var least = Float.infinity, largest = -Float.infinity
        for row in 0..<down.seen.count {
            // A row without a finite value has infinities the wrong way round; without columns it has NaN.
            (least, largest) = (min(least, ranges[2 * row]), max(largest, ranges[2 * row + 1]))
        }
        range = least <= largest ? least...largest : nil
    }

    /// `[rows, seen columns]`: each row of the map at the picture's columns.
    @unsafe private static func stretched(_ x: [Float], rows: Int, columns: Int, _ axis: DepthAxis, _ parallel: Parallel) -> [Float] {
        let seen = axis.seen.count
        return unsafe [Float](unsafeUninitializedCapacity: rows * seen) { out, count in
            unsafe x.withUnsafeBufferPointer { x in
                unsafe axis.index.withUnsafeBufferPointer { index in
                    unsafe axis.weight.withUnsafeBufferPointer { weight in
                        guard let x = x.baseAddress, let y = out.baseAddress, let index = index.baseAddress, let weight = weight.baseAddress else { return }
                        let arguments = unsafe opsin_depth_columns_arguments(
                            x: x, y: y, width: columns, out_width: seen, index: index, weight: weight)
                        unsafe parallel.run(opsin_depth_columns, arguments, tasks: rows)
                        count = rows * seen
                    }
                }
            }
        }
    }
}

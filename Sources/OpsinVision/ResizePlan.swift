internal import CKernels

/// One resize, checked: sizes, box, region and the order of the passes.
struct ResizePlan {
    let source: (width: Int, height: Int)
    let target: (width: Int, height: Int)
    let channels: Int
    let sampleBytes: Int
    let filter: ResizeFilter
    let box: ResizeBox
    let region: PixelRegion
    /// Pillow leaves a pass out that changes nothing.
    let needsHorizontal: Bool
    let needsVertical: Bool
    /// Pillow 13 goes vertically first where that is the smaller work: `h - H > 0 && h - H > 2 * (w - W)`, of the whole image, not the box.
    let verticalFirst: Bool

    private static let largestSide = 1 << 30

    init(
        source: (Int, Int), channels: Int, sampleBytes: Int, target: (Int, Int), filter: ResizeFilter, box: ResizeBox?, region: PixelRegion?
    ) throws(VisionError) {
        let (width, height) = target
        guard width >= 1, height >= 1 else { throw VisionError(.argument, "resize: expected a size of at least 1 x 1, found \(width) x \(height)") }
        guard width <= ResizePlan.largestSide, height <= ResizePlan.largestSide else {
            throw VisionError(.tooLarge, "resize: expected sides of at most \(ResizePlan.largestSide), found \(width) x \(height)")
        }
        let whole = ResizeBox(left: 0, top: 0, right: Float(source.0), bottom: Float(source.1))
        let box = box ?? whole
        guard box.left >= 0, box.top >= 0, box.right <= whole.right, box.bottom <= whole.bottom, box.left < box.right, box.top < box.bottom else {
            throw VisionError(
                .argument,
                "resize: expected a box inside of \(source.0) x \(source.1) pixels, not empty; found \(box.left), \(box.top), \(box.right), \(box.bottom)"
            )
        }
        let region = region ?? PixelRegion(left: 0, top: 0, width: width, height: height)
        guard region.left >= 0, region.top >= 0, region.width >= 1, region.height >= 1, region.width <= width, region.height <= height,
            region.left <= width - region.width, region.top <= height - region.height
        else { throw VisionError(.argument, "resize: a region of \(region.width) x \(region.height) does not lie inside of \(width) x \(height) pixels") }
        _ = try Image.sampleCount(width: region.width, height: region.height, channels: 1)
        (self.source, self.target, self.channels, self.sampleBytes) = (source, target, channels, sampleBytes)
        (self.filter, self.box, self.region) = (filter, box, region)
        needsHorizontal = width != source.0 || box.left != 0 || box.right != Float(width)
        needsVertical = height != source.1 || box.top != 0 || box.bottom != Float(height)
        verticalFirst = source.1 > height && source.1 - height > 2 * (source.0 - width)
    }

    /// Runs the passes over samples of `Sample`, whose size must be `sampleBytes`.
    @unsafe func run<Sample: BitwiseCopyable>(_ samples: Span<Sample>, _ parallel: Parallel, zero: Sample) throws(VisionError) -> [Sample] {
        let input = Plane(rows: 0..<source.height, columns: 0..<source.width)
        if !needsHorizontal && !needsVertical { return copy(samples) }
        if filter == .nearest { return unsafe nearest(samples) }
        let horizontal = needsHorizontal ? try axis(source.width, box.left, box.right, target.width, region.left, region.width) : nil
        let vertical = needsVertical ? try axis(source.height, box.top, box.bottom, target.height, region.top, region.height) : nil
        let columns = region.left..<region.left + region.width
        let rows = region.top..<region.top + region.height

        switch (horizontal, vertical) {
        case (let horizontal?, let vertical?) where verticalFirst:
            let middle = Plane(rows: rows, columns: horizontal.source)
            let between = unsafe pass(samples, input, middle, vertical, isVertical: true, parallel)
            return unsafe pass(between.span, middle, Plane(rows: rows, columns: columns), horizontal, isVertical: false, parallel)
        case (let horizontal?, let vertical?):
            let middle = Plane(rows: vertical.source, columns: columns)
            let between = unsafe pass(samples, input, middle, horizontal, isVertical: false, parallel)
            return unsafe pass(between.span, middle, Plane(rows: rows, columns: columns), vertical, isVertical: true, parallel)
        case (let horizontal?, nil):
            return unsafe pass(samples, input, Plane(rows: rows, columns: columns), horizontal, isVertical: false, parallel)
        case (nil, let vertical?):
            return unsafe pass(samples, input, Plane(rows: rows, columns: columns), vertical, isVertical: true, parallel)
        case (nil, nil):
            return copy(samples)
        }
    }

    /// Hands rows of the source, a range of them, to the function, in any order and from any thread; false when it could not.
    typealias Rows = (
        Range<Int>, @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int, UInt32, UInt32) -> Void, UnsafeMutableRawPointer
    ) -> Bool

    /// As `run` for 8-bit samples, of rows that are resized across while they are decoded, and never lie in memory all at once. Nil when the passes do not
    /// begin with the rows, or `rows` could not.
    @unsafe func run(_ parallel: Parallel, rows decode: Rows) throws(VisionError) -> [UInt8]? {
        guard needsHorizontal, filter != .nearest, sampleBytes == 1, !(needsVertical && verticalFirst) else { return nil }
        let horizontal = try axis(source.width, box.left, box.right, target.width, region.left, region.width)
        let vertical = needsVertical ? try axis(source.height, box.top, box.bottom, target.height, region.top, region.height) : nil
        let columns = region.left..<region.left + region.width, rows = region.top..<region.top + region.height
        let middle = Plane(rows: vertical?.source ?? rows, columns: columns), stride = columns.count * channels
        var isDone = false
        let between = unsafe [UInt8](unsafeUninitializedCapacity: middle.rows.count * stride) { buffer, count in
            guard let to = buffer.baseAddress else { return }
            unsafe LargePages.advise(to, buffer.count)
            let pass = unsafe opsin_resize_pass(
                axis: UnsafePointer(horizontal.table), source: UnsafeRawPointer(to), source_end: UnsafeRawPointer(to), source_stride: 0, source_origin: 0,
                target: UnsafeMutableRawPointer(to), target_stride: stride, rows: 0, columns: Int32(stride), channels: Int32(channels), rows_per_task: 1,
                isa: opsin_resize_isa())
            var strips = unsafe opsin_resize_strips(pass: pass, first: UInt32(middle.rows.lowerBound))
            isDone = unsafe withUnsafeMutablePointer(to: &strips) { unsafe decode(middle.rows, opsin_resize_strip, UnsafeMutableRawPointer($0)) }
            count = isDone ? middle.rows.count * stride : 0
        }
        guard isDone, let vertical else { return isDone ? between : nil }
        return unsafe pass(between.span, middle, Plane(rows: rows, columns: columns), vertical, isVertical: true, parallel)
    }

    /// Which rows and columns of an image a buffer holds, without gaps.
    private struct Plane {
        var rows: Range<Int>
        var columns: Range<Int>
    }

    /// The coefficients of one axis; frees them when it goes away.
    @safe final class Axis {
        let table: UnsafeMutablePointer<opsin_resize_axis>
        init(_ table: UnsafeMutablePointer<opsin_resize_axis>) { unsafe self.table = table }
        deinit { unsafe opsin_resize_axis_destroy(table) }
        /// The samples of the source that any output reads.
        var source: Range<Int> { unsafe Int(table.pointee.source_first)..<Int(table.pointee.source_last) }
    }

    func axis(_ inputs: Int, _ from: Float, _ to: Float, _ outputs: Int, _ first: Int, _ count: Int) throws(VisionError) -> Axis {
        let table = unsafe opsin_resize_axis_create(
            Int32(inputs), from, min(to, Float(inputs)), Int32(outputs), Int32(first), Int32(count), filter.c, sampleBytes == 1)
        guard let table = unsafe table else {
            throw VisionError(.tooLarge, "resize: \(inputs) to \(outputs) pixels with \(filter.rawValue) needs more coefficients than the limit")
        }
        return unsafe Axis(table)
    }

    /// One pass from the rows and columns that `input` holds to those of `output`. The axis is that of the pass; along the other one nothing changes.
    @unsafe private func pass<Sample: BitwiseCopyable>(
        _ samples: Span<Sample>, _ input: Plane, _ output: Plane, _ axis: Axis, isVertical: Bool, _ parallel: Parallel
    ) -> [Sample] {
        let stride = input.columns.count * channels
        let size = output.rows.count * output.columns.count * channels
        let rowsPerTask = isVertical ? 8 : 16
        // Along the axis that this pass leaves alone the buffer may hold more than is wanted.
        let offset =
            isVertical ? (output.columns.lowerBound - input.columns.lowerBound) * channels : (output.rows.lowerBound - input.rows.lowerBound) * stride
        return unsafe samples.withUnsafeBytes { source in
            unsafe [Sample](unsafeUninitializedCapacity: size) { buffer, count in
                guard let from = source.baseAddress, let to = buffer.baseAddress else { return }
                unsafe LargePages.advise(to, size * sampleBytes)
                let work = unsafe opsin_resize_pass(
                    axis: UnsafePointer(axis.table), source: from + offset * sampleBytes, source_end: from + source.count, source_stride: stride * sampleBytes,
                    source_origin: Int32(isVertical ? input.rows.lowerBound : input.columns.lowerBound), target: UnsafeMutableRawPointer(to),
                    target_stride: output.columns.count * channels * sampleBytes, rows: Int32(output.rows.count),
                    columns: Int32(output.columns.count * channels), channels: Int32(channels), rows_per_task: Int32(rowsPerTask), isa: opsin_resize_isa())
                unsafe withUnsafePointer(to: work) { arguments in
                    let step = unsafe opsin_step(
                        run: opsin_resize_task(isVertical, sampleBytes == 1), arguments: arguments, tasks: (output.rows.count + rowsPerTask - 1) / rowsPerTask)
                    unsafe withUnsafePointer(to: step) { unsafe parallel.run($0) }
                }
                count = size
            }
        }
    }

    /// The inputs that nearest neighbour takes for outputs `first..<first + count`; -1 outside of the image.
    func positions(_ inputs: Int, _ from: Float, _ to: Float, _ outputs: Int, _ first: Int, _ count: Int) -> [Int32] {
        var positions = [Int32](repeating: 0, count: count)
        unsafe opsin_resize_nearest_positions(Int32(inputs), from, to, Int32(outputs), Int32(first), Int32(count), &positions)
        return positions
    }

    @unsafe private func nearest<Sample: BitwiseCopyable>(_ samples: Span<Sample>) -> [Sample] {
        let xs = positions(source.width, box.left, box.right, target.width, region.left, region.width)
        let ys = positions(source.height, box.top, box.bottom, target.height, region.top, region.height)
        let size = region.width * region.height * channels
        let pixelBytes = channels * sampleBytes
        return unsafe samples.withUnsafeBytes { from in
            unsafe [Sample](unsafeUninitializedCapacity: size) { buffer, count in
                unsafe opsin_image_gather(from.baseAddress, source.width * pixelBytes, pixelBytes, xs, ys, region.width, region.height, buffer.baseAddress)
                count = size
            }
        }
    }

    /// The region of an image that keeps its size.
    private func copy<Sample: BitwiseCopyable>(_ samples: Span<Sample>) -> [Sample] {
        var out: [Sample] = []
        out.reserveCapacity(region.width * region.height * channels)
        for y in region.top..<region.top + region.height {
            let row = (y * source.width + region.left) * channels
            unsafe samples.withUnsafeBufferPointer { unsafe out.append(contentsOf: $0[row..<row + region.width * channels]) }
        }
        return out
    }
}

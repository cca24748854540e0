private import CKernels
internal import OpsinGraph

extension ResizePlan {
    /// The passes that `run` makes, as data; none where nothing changes. With them the part of the last result that is `region`: its first sample and the
    /// samples from row to row.
    func passes() throws(VisionError) -> (list: [ImageProgram.Pass], offset: Int, sourceRow: Int) {
        let row = source.width * channels
        if !needsHorizontal && !needsVertical { return ([], region.top * row + region.left * channels, row) }
        if filter == .nearest { return (nearestPasses(), 0, region.width * channels) }
        let horizontal = needsHorizontal ? try axis(source.width, box.left, box.right, target.width, region.left, region.width) : nil
        let vertical = needsVertical ? try axis(source.height, box.top, box.bottom, target.height, region.top, region.height) : nil
        var passes: [ImageProgram.Pass] = []
        switch (horizontal, vertical) {
        case (let horizontal?, let vertical?) where verticalFirst:
            let (first, columns) = (horizontal.source.lowerBound, horizontal.source.count)
            passes.append(vertical.pass(isVertical: true, rows: region.height, columns: columns, origin: 0, offset: first * channels, sourceRow: row))
            passes.append(
                horizontal.pass(isVertical: false, rows: region.height, columns: region.width, origin: first, offset: 0, sourceRow: columns * channels))
        case (let horizontal?, let vertical?):
            let (first, rows) = (vertical.source.lowerBound, vertical.source.count)
            passes.append(horizontal.pass(isVertical: false, rows: rows, columns: region.width, origin: 0, offset: first * row, sourceRow: row))
            passes.append(
                vertical.pass(
                    isVertical: true, rows: region.height, columns: region.width, origin: first, offset: 0, sourceRow: region.width * channels))
        case (let horizontal?, nil):
            passes.append(
                horizontal.pass(
                    isVertical: false, rows: region.height, columns: region.width, origin: 0, offset: region.top * row, sourceRow: row))
        case (nil, let vertical?):
            passes.append(
                vertical.pass(
                    isVertical: true, rows: region.height, columns: region.width, origin: 0, offset: region.left * channels, sourceRow: row))
        case (nil, nil): break
        }
        return (passes, 0, region.width * channels)
    }

    /// Nearest neighbour as two passes of one tap of weight 1 each; a position outside of the image has none and gives 0.
    private func nearestPasses() -> [ImageProgram.Pass] {
        let xs = positions(source.width, box.left, box.right, target.width, region.left, region.width)
        let ys = positions(source.height, box.top, box.bottom, target.height, region.top, region.height)
        func pass(_ positions: [Int32], isVertical: Bool, columns: Int, sourceRow: Int) -> ImageProgram.Pass {
            ImageProgram.Pass(
                isVertical: isVertical, rows: region.height, columns: columns, offset: 0, sourceRow: sourceRow,
                spans: positions.flatMap { $0 < 0 ? [0, 0] : [$0, 1] }, weights: [Int32](repeating: 1 << 22, count: positions.count), stride: 1)
        }
        return [
            pass(ys, isVertical: true, columns: source.width, sourceRow: source.width * channels),
            pass(xs, isVertical: false, columns: region.width, sourceRow: source.width * channels),
        ]
    }
}

extension ResizePlan.Axis {
    /// This axis as a pass over a source whose first sample along it is number `origin`.
    fileprivate func pass(isVertical: Bool, rows: Int, columns: Int, origin: Int, offset: Int, sourceRow: Int) -> ImageProgram.Pass {
        let count = unsafe Int(table.pointee.count), stride = unsafe Int(table.pointee.stride)
        var spans: [Int32] = []
        // Taps of zero at the ends of each row of the table are left out.
        let taps = (0..<count).map { unsafe Int(table.pointee.taps[$0]) }, most = max(taps.max() ?? 1, 1)
        var weights = [Int32](repeating: 0, count: count * most)
        for index in 0..<count {
            spans += [unsafe table.pointee.start[index] - Int32(origin), Int32(taps[index])]
            for tap in 0..<taps[index] {
                weights[index * most + tap] = unsafe Int32(table.pointee.high[index * stride + tap]) * 4096 + Int32(table.pointee.low[index * stride + tap])
            }
        }
        return ImageProgram.Pass(
            isVertical: isVertical, rows: rows, columns: columns, offset: offset, sourceRow: sourceRow, spans: spans, weights: weights, stride: most)
    }
}

/// A connected part of a mask: pixels of one label that touch at their edges.
package struct MaskRegion: Hashable, Sendable {
    package let label: Int
    package var pixels: Int
    /// The smallest rectangle around it; right and bottom are the first column and row behind it.
    package var left: Int
    package var top: Int
    package var right: Int
    package var bottom: Int
    /// Column of its first pixel, whose row is `top`.
    package let firstColumn: Int

    package init(label: Int, pixels: Int, left: Int, top: Int, right: Int, bottom: Int, firstColumn: Int) {
        (self.label, self.pixels, self.left, self.top) = (label, pixels, left, top)
        (self.right, self.bottom, self.firstColumn) = (right, bottom, firstColumn)
    }
}

extension LabelMask {
    /// The connected regions (4 neighbours) of a mask, the largest first, ties by their first pixel. `outside` is no region.
    package static func regions(of labels: [UInt16], width: Int, height: Int) -> [MaskRegion] {
        guard width >= 1, height >= 1, labels.count == width * height else { return [] }
        var forest = RegionForest()
        // Runs of the row above, and of this one: first column, end, number of the region.
        var above: [(start: Int, end: Int, region: Int)] = []
        for row in 0..<height {
            var runs: [(start: Int, end: Int, region: Int)] = []
            runs.reserveCapacity(above.count + 8)
            let base = row * width
            var start = 0, touching = 0
            while start < width {
                let label = labels[base + start]
                var end = start + 1
                while end < width, labels[base + end] == label { end += 1 }
                if label != outside {
                    let region = forest.add(
                        MaskRegion(label: Int(label), pixels: end - start, left: start, top: row, right: end, bottom: row + 1, firstColumn: start))
                    while touching < above.count, above[touching].end <= start { touching += 1 }
                    var other = touching
                    while other < above.count, above[other].start < end {
                        if forest.label(above[other].region) == Int(label) { forest.join(above[other].region, region) }
                        other += 1
                    }
                    runs.append((start, end, region))
                }
                start = end
            }
            above = runs
        }
        return forest.regions.sorted { a, b in
            a.pixels != b.pixels ? a.pixels > b.pixels : (a.top, a.firstColumn) < (b.top, b.firstColumn)
        }
    }

    /// The outer outline of the region whose first pixel (row by row) is at that column and row: corners of a closed polygon along the pixels' edges,
    /// clockwise, `[x, y, x, y, ...]`. The first corner, the upper left one of that pixel, is not repeated.
    package static func outline(of labels: [UInt16], width: Int, height: Int, column: Int, row: Int) -> [Float] {
        guard width >= 1, height >= 1, labels.count == width * height, (0..<width).contains(column), (0..<height).contains(row) else { return [] }
        let label = labels[row * width + column]
        func isInside(_ x: Int, _ y: Int) -> Bool { x >= 0 && y >= 0 && x < width && y < height && labels[y * width + x] == label }
        // Only such a pixel's upper edge belongs to an outline, and following that comes back to it.
        guard !isInside(column - 1, row), !isInside(column, row - 1) else { return [] }
        var points: [Float] = [Float(column), Float(row)]
        // East along the first pixel's upper edge; the region stays on the right-hand side.
        var (x, y, dx, dy) = (column, row, 1, 0)
        while true {
            x += dx
            y += dy
            // The pixels ahead of this corner, to the right and to the left of the way.
            let right = (x: x + (dx - dy - 1) / 2, y: y + (dy + dx - 1) / 2), left = (x: x + (dx + dy - 1) / 2, y: y + (dy - dx - 1) / 2)
            if !isInside(right.x, right.y) {
                // Right also where only the corner's opposite pixel has the label: it does not touch at an edge.
                (dx, dy) = (-dy, dx)
            } else if isInside(left.x, left.y) {
                (dx, dy) = (dy, -dx)
            } else {
                continue
            }
            if (x, y, dx, dy) == (column, row, 1, 0) { return points }
            points.append(Float(x))
            points.append(Float(y))
        }
    }
}

/// Regions that grow together: a forest with one tree each.
private struct RegionForest {
    private var parents: [Int] = []
    /// What is known at the roots; of no meaning elsewhere.
    private var stored: [MaskRegion] = []

    mutating func add(_ region: MaskRegion) -> Int {
        parents.append(parents.count)
        stored.append(region)
        return parents.count - 1
    }

    func label(_ region: Int) -> Int { stored[region].label }

    private mutating func root(_ region: Int) -> Int {
        var region = region
        while parents[region] != region {
            parents[region] = parents[parents[region]]
            region = parents[region]
        }
        return region
    }

    /// The earlier root stays, so that it keeps the first pixel.
    mutating func join(_ a: Int, _ b: Int) {
        let first = root(a), second = root(b)
        guard first != second else { return }
        let (kept, gone) = (min(first, second), max(first, second))
        parents[gone] = kept
        let other = stored[gone]
        stored[kept].pixels += other.pixels
        stored[kept].left = min(stored[kept].left, other.left)
        stored[kept].top = min(stored[kept].top, other.top)
        stored[kept].right = max(stored[kept].right, other.right)
        stored[kept].bottom = max(stored[kept].bottom, other.bottom)
    }

    var regions: [MaskRegion] { stored.indices.filter { parents[$0] == $0 }.map { stored[$0] } }
}

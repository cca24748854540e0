/// How much of each pixel a shape covers, exactly: each edge adds the signed area to its right, and a sum along the row gives the cover.
struct GlyphRaster {
    let left: Int
    let top: Int
    let width: Int
    let height: Int
    private var area: [Float]

    /// A shape with its baseline's start at (`x`, `y`), in pixels, y downwards, `size` pixels to the em. nil when it covers nothing.
    init?(_ glyph: Glyph, x: Float, y: Float, size: Float) {
        let scale = size / Font.units
        let outline = glyph.contours.map { flat($0.map { Glyph.Point(x: x + $0.x * scale, y: y - $0.y * scale, isOn: $0.isOn) }) }
        let points = outline.joined()
        guard let minX = points.map(\.x).min(), let maxX = points.map(\.x).max(), let minY = points.map(\.y).min(), let maxY = points.map(\.y).max()
        else { return nil }
        (left, top) = (pixel(minX), pixel(minY))
        (width, height) = (pixel(maxX) - left + 2, pixel(maxY) - top + 1)
        area = Array(repeating: 0, count: (width + 1) * height)
        for contour in outline {
            guard var from = contour.last else { continue }
            for to in contour {
                add(from, to)
                from = to
            }
        }
    }

    /// Calls `body` with the covers of a row, in 256 steps.
    func eachRow(_ body: (Int, [Int]) -> Void) {
        for row in 0..<height {
            var sum: Float = 0
            let covers = (0..<width).map { column in
                sum += area[row * (width + 1) + column]
                return Int((min(abs(sum), 1) * 256).rounded())
            }
            body(top + row, covers)
        }
    }

    private mutating func add(_ from: Glyph.Point, _ to: Glyph.Point) {
        guard from.y != to.y else { return }
        let (sign, high, low): (Float, Glyph.Point, Glyph.Point) = from.y < to.y ? (1, from, to) : (-1, to, from)
        let slope = (low.x - high.x) / (low.y - high.y)
        var y = high.y
        while y < low.y {
            let row = pixel(y), end = min(low.y, Float(row + 1))
            let a = high.x + (y - high.y) * slope, b = high.x + (end - high.y) * slope
            add(row: row - top, from: min(a, b), to: max(a, b), height: sign * (end - y))
            y = end
        }
    }

    /// A piece of an edge within one row, shared out to the pixels that it crosses.
    private mutating func add(row: Int, from start: Float, to end: Float, height: Float) {
        let first = pixel(start)
        for column in first...max(pixel(end), first) {
            let a = max(start, Float(column)), b = min(end, Float(column + 1))
            let share = end > start ? height * (b - a) / (end - start) : height
            let at = row * (width + 1) + column - left
            guard row >= 0, row < self.height, column >= left, column - left < width, share.isFinite else { continue }
            let right = Float(column + 1) - (a + b) / 2
            area[at] += share * right
            area[at + 1] += share * (1 - right)
        }
    }
}

/// The corners of a closed contour, its quadratic curves cut into lines that are at most a tenth of a pixel off.
private func flat(_ contour: [Glyph.Point]) -> [Glyph.Point] {
    guard let first = contour.first, let last = contour.last else { return [] }
    var start = first.isOn ? first : last.isOn ? last : middle(first, last)
    var lines = [start]
    func next(after index: Int) -> Glyph.Point { contour[(index + 1) % contour.count] }
    for (index, point) in contour.enumerated() {
        if point.isOn {
            lines.append(point)
            start = point
            continue
        }
        let after = next(after: index)
        let end = after.isOn ? after : middle(point, after)
        // A quadratic curve leaves its chord by a quarter of this; each halving of the step quarters that.
        let bend = abs(start.x - 2 * point.x + end.x) + abs(start.y - 2 * point.y + end.y)
        let steps = min(1 + pixel((bend * 2.5).squareRoot()), 32)
        for step in 1...steps {
            let t = Float(step) / Float(steps), u = 1 - t
            lines.append(
                Glyph.Point(
                    x: u * u * start.x + 2 * u * t * point.x + t * t * end.x, y: u * u * start.y + 2 * u * t * point.y + t * t * end.y, isOn: true))
        }
        start = end
    }
    return lines
}

private func middle(_ a: Glyph.Point, _ b: Glyph.Point) -> Glyph.Point { Glyph.Point(x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, isOn: true) }

extension Canvas {
    /// Draws a line of text with its baseline's start at (`x`, `y`), `size` pixels to the em, at most 2000; far outside of the canvas it draws nothing.
    package func draw(_ text: String, x: Float, y: Float, size: Float, _ color: RGBColor) {
        guard abs(x) < 100_000, abs(y) < 100_000, size > 0, size <= 2000 else { return }
        var pen = x
        for glyph in Font.shapes(text) {
            if let raster = GlyphRaster(glyph, x: pen, y: y, size: size) {
                raster.eachRow { row, covers in
                    withRow(row) { pixels in
                        for (column, cover) in covers.enumerated() where cover > 0 && raster.left + column >= 0 && raster.left + column < width {
                            blend(color, cover, at: raster.left + column, in: &pixels)
                        }
                    }
                }
            }
            pen += Float(glyph.advance) * size / Font.units
        }
    }
}

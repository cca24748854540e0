/// A box with its name, as it is drawn.
package struct NamedBox: Hashable, Sendable {
    let x0: Float
    let y0: Float
    let x1: Float
    let y1: Float
    let name: String
    let detail: String
    let color: RGBColor

    /// Edges in pixels of the canvas. `name` and `detail` are what its tag says, "" for none; the end of a long name makes room for the detail.
    package init(x0: Float, y0: Float, x1: Float, y1: Float, name: String, detail: String = "", color: RGBColor) {
        (self.x0, self.y0, self.x1, self.y1) = (x0, y0, x1, y1)
        (self.name, self.detail, self.color) = (name, detail, color)
    }
}

extension Canvas {
    /// Draws boxes and their tags. The first are the most important: they lie on top, and their tags get the best places.
    package func draw(_ boxes: [NamedBox], _ scale: DrawScale) {
        let frames = boxes.map { frame($0, scale) }
        for (box, frame) in zip(boxes, frames).reversed() {
            // A thin dark rim keeps a bright box visible on a bright photo.
            if scale.line > 1 { rim(frame, scale.line) }
            outline(columns: frame.columns, rows: frame.rows, line: scale.line, box.color)
        }
        guard scale.hasRoomForText else { return }
        var tags = TagPlacer(width: width, height: height)
        for (box, frame) in zip(boxes, frames) where !(box.name + box.detail).isEmpty {
            let tag = Tag(box, on: self, scale)
            guard let place = tags.place(width: tag.width, height: tag.height, at: frame) else { continue }
            draw(tag, in: place, box.color)
        }
    }

    /// The outer edge of a box's lines: they lie half inside and half outside of its own edges, and inside of the canvas where it is.
    private func frame(_ box: NamedBox, _ scale: DrawScale) -> PixelRect {
        let half = Float(scale.line) / 2
        let right = Float(width), bottom = Float(height)
        func inside(_ value: Float, _ limit: Float) -> Float { value >= 0 && value <= limit ? min(max(value, half), max(limit - half, half)) : value }
        let x0 = pixel(inside(box.x0, right) - half + 0.5), x1 = pixel(inside(box.x1, right) + half + 0.5)
        let y0 = pixel(inside(box.y0, bottom) - half + 0.5), y1 = pixel(inside(box.y1, bottom) + half + 0.5)
        return PixelRect(x: min(x0, x1), y: min(y0, y1), width: abs(x1 - x0), height: abs(y1 - y0))
    }

    private func rim(_ frame: PixelRect, _ line: Int) {
        let width = max(line / 4, 1)
        let outer = PixelRect(x: frame.x - width, y: frame.y - width, width: frame.width + 2 * width, height: frame.height + 2 * width)
        for (columns, rows) in [
            (outer.columns, outer.y..<frame.y), (outer.columns, frame.rows.upperBound..<outer.rows.upperBound),
            (outer.x..<frame.x, frame.rows), (frame.columns.upperBound..<outer.columns.upperBound, frame.rows),
        ] {
            fill(columns: columns, rows: rows, .black, opacity: 80)
        }
    }

    private func draw(_ tag: Tag, in place: PixelRect, _ color: RGBColor) {
        fill(columns: place.columns, rows: place.rows, color)
        draw(tag.text, x: Float(place.x) + tag.inset, y: Float(place.y) + tag.baseline, size: tag.size, color.readable)
    }
}

/// A name on a coloured ground.
private struct Tag {
    let text: String
    let size: Float
    let inset: Float
    let width: Int
    let height: Int
    /// Pixels from its top to the letters' baseline: capitals stand in the middle.
    let baseline: Float

    /// No wider than half of the canvas, or 12 em where that is more.
    init(_ box: NamedBox, on canvas: Canvas, _ scale: DrawScale) {
        size = scale.text
        inset = (size * 0.3).rounded()
        let most = min(max(Float(canvas.width) / 2, 12 * size), Float(canvas.width)) - 2 * inset
        let name = Font.fitted(box.name, width: most - Font.width(box.detail, size: size), size: size)
        text = Font.fitted(name + box.detail, width: most, size: size)
        width = pixel(Font.width(text, size: size) + 2 * inset + 0.999)
        height = pixel(size * 1.35)
        baseline = ((Float(height) + size * Font.capitalHeight) / 2).rounded()
    }
}

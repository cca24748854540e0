/// How thick lines and how large letters are: as asked for, or by the size of the canvas.
package struct DrawScale: Hashable, Sendable {
    /// Pixels of a line, at least 1.
    let line: Int
    /// Pixels to the em.
    let text: Float
    /// Whether there is room for text at all: a name on a thumbnail would hide it.
    let hasRoomForText: Bool

    /// 0 is by the size of the canvas: 2 and 13 pixels for a photo of 640 x 480, 15 and 90 for one of 6000 x 4000.
    package init(_ canvas: Canvas, lineWidth: Float = 0, textHeight: Float = 0) {
        let side = Float(canvas.width + canvas.height) / 2, shortest = min(canvas.width, canvas.height)
        let smallest = shortest < 160 ? 1 : 2
        line = lineWidth > 0 ? max(pixel(min(lineWidth, 1000) + 0.5), 1) : max(pixel(side * 0.003 + 0.5), smallest)
        text = textHeight > 0 ? min(max(textHeight, 4), 1000) : max(13, (side * 0.018).rounded())
        hasRoomForText = Float(shortest) >= text * 3
    }
}

/// A rectangle of whole pixels.
package struct PixelRect: Hashable, Sendable {
    package let x: Int
    package let y: Int
    package let width: Int
    package let height: Int

    package init(x: Int, y: Int, width: Int, height: Int) { (self.x, self.y, self.width, self.height) = (x, y, width, height) }

    var columns: Range<Int> { x..<x + max(width, 0) }
    var rows: Range<Int> { y..<y + max(height, 0) }

    package func overlaps(_ other: PixelRect) -> Bool { columns.overlaps(other.columns) && rows.overlaps(other.rows) }
}

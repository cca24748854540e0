/// A line of a legend: a swatch and what it stands for.
package struct LegendEntry: Hashable, Sendable {
    let color: RGBColor
    let text: String
    /// How much of the row is filled, 0 to 1, for scores; nil: nothing is.
    let share: Float?

    package init(_ color: RGBColor, _ text: String, share: Float? = nil) { (self.color, self.text, self.share) = (color, text, share) }
}

extension Canvas {
    /// Names of colours on a dark ground in the lower left corner; what has no room is counted in a last line.
    package func draw(legend entries: [LegendEntry], _ scale: DrawScale) {
        guard scale.hasRoomForText, !entries.isEmpty else { return }
        let size = scale.text, pad = pixel(size * 0.6), rowHeight = pixel(size * 1.45), swatch = pixel(size * 0.9)
        let room = max((height * 7 / 10 - 2 * pad) / max(rowHeight, 1), 0)
        guard room >= 1 else { return }
        var shown = Array(entries.prefix(room))
        if entries.count > room {
            shown = Array(entries.prefix(room - 1)) + [LegendEntry(RGBColor(128, 128, 128), "and \(entries.count - room + 1) more")]
        }
        let textRoom = Float(width - 5 * pad - swatch)
        let texts = shown.map { Font.fitted($0.text, width: textRoom, size: size) }
        let widest = pixel((texts.map { Font.width($0, size: size) }.max() ?? 0) + 0.999)
        let panel = panel(width: 3 * pad + swatch + widest, height: 2 * pad + rowHeight * shown.count, pad)
        for (index, entry) in shown.enumerated() {
            let top = panel.y + pad + index * rowHeight, left = panel.x + pad
            if let share = entry.share {
                let length = pixel(min(max(share, 0), 1) * Float(panel.width - 2 * pad))
                fill(columns: left..<left + max(length, 0), rows: top..<top + rowHeight - max(rowHeight / 12, 1), entry.color, opacity: 110)
            }
            let edge = top + (rowHeight - swatch) / 2
            fill(columns: left..<left + swatch, rows: edge..<edge + swatch, .white, opacity: 160)
            let rim = max(swatch / 12, 1)
            fill(columns: left + rim..<left + max(swatch - rim, rim), rows: edge + rim..<edge + max(swatch - rim, rim), entry.color)
            draw(texts[index], x: Float(left + swatch + pad), y: baseline(top, rowHeight, size), size: size, .white)
        }
    }

    /// A depth map's colours with the values of their ends, in the lower left corner. `title` says what the numbers are.
    package func draw(scaleOf depth: DepthDrawing, title: String, _ scale: DrawScale) {
        guard scale.hasRoomForText else { return }
        let size = scale.text, pad = pixel(size * 0.6), rowHeight = pixel(size * 1.45), bar = pixel(size * 0.8)
        let length = min(pixel(max(Font.width(title, size: size), size * 14)), width - 4 * pad)
        guard length > pad, height >= 4 * pad + 2 * rowHeight + bar else { return }
        let panel = panel(width: length + 2 * pad, height: 2 * pad + 2 * rowHeight + bar, pad)
        let left = panel.x + pad, top = panel.y + pad, columns = left..<left + length
        draw(Font.fitted(title, width: Float(length), size: size), x: Float(left), y: baseline(top, rowHeight, size), size: size, .white)
        for x in columns {
            let color = depth.colors[min((x - left) * depth.colors.count / length, depth.colors.count - 1)]
            fill(columns: x..<x + 1, rows: top + rowHeight..<top + rowHeight + bar, color)
        }
        let line = baseline(top + rowHeight + bar, rowHeight, size)
        let far = "far \(short(depth.far))", near = "near \(short(depth.near))"
        let farWidth = Font.width(far, size: size), nearWidth = Font.width(near, size: size)
        if farWidth + nearWidth + size <= Float(length) { draw(far, x: Float(left), y: line, size: size, .white) }
        draw(near, x: Float(left + length) - nearWidth, y: line, size: size, .white)
    }

    /// A dark ground in the lower left corner.
    private func panel(width panelWidth: Int, height panelHeight: Int, _ margin: Int) -> PixelRect {
        let place = PixelRect(x: margin, y: max(height - margin - panelHeight, 0), width: min(panelWidth, width - 2 * margin), height: panelHeight)
        fill(columns: place.columns, rows: place.rows, RGBColor(20, 20, 24), opacity: 190)
        return place
    }

    private func baseline(_ top: Int, _ rowHeight: Int, _ size: Float) -> Float { (Float(top) + (Float(rowHeight) + size * Font.capitalHeight) / 2).rounded() }
}

/// A number with about three digits that count.
package func short(_ value: Float) -> String {
    let size = abs(value)
    guard size >= 0.001, size < 1_000_000 else { return size == 0 ? "0" : "\(value)" }
    let decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
    let power = [1, 10, 100, 1000][decimals]
    let rounded = Int((Double(size) * Double(power)).rounded())
    let digits = String(rounded % power)
    let fraction = String(repeating: "0", count: max(decimals - digits.count, 0)) + digits
    return (value < 0 ? "-" : "") + String(rounded / power) + (decimals == 0 ? "" : "." + fraction)
}

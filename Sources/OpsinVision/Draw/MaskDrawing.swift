/// A mask to draw: a label for each of `width` x `height` pixels.
package struct MaskDrawing: Sendable {
    let labels: [UInt16]
    let width: Int
    let height: Int
    /// Colours of the labels, by number.
    let colors: [Int: RGBColor]
    /// Labels that an overlay leaves as the photo has them: the background.
    let hidden: Set<Int>
    /// The label of pixels that the model did not see.
    let outside: Int

    /// Throws when the number of labels is not `width * height`.
    package init(labels: [UInt16], width: Int, height: Int, colors: [Int: RGBColor], hidden: Set<Int> = [], outside: Int = 65_535) throws(VisionError) {
        guard try Image.sampleCount(width: width, height: height, channels: 1) == labels.count else {
            throw VisionError(.argument, "expected \(width * height) labels for a mask of \(width) x \(height), found \(labels.count)")
        }
        (self.labels, self.width, self.height) = (labels, width, height)
        (self.colors, self.hidden, self.outside) = (colors, hidden, outside)
    }
}

extension Canvas {
    /// Draws a mask's colours over the pixels, labels apart by an opaque line in their own colour; pixels that the model did not see become darker.
    package func draw(over mask: MaskDrawing, opacity: Float, _ scale: DrawScale) {
        let opacity = steps(opacity), paints = paints(mask), reach = scale.line
        let columns = source(mask.width, width), rows = source(mask.height, height)
        for y in 0..<height {
            let here = rows[y] * mask.width
            // Eight pixels around tell whether the label ends within the line's width.
            let around = [y - reach, y, y + reach].map { rows[min(max($0, 0), height - 1)] * mask.width }
            withRow(y) { row in
                for x in 0..<width {
                    let label = mask.labels[here + columns[x]]
                    guard let color = paints[Int(label)] else { continue }
                    let left = columns[max(x - reach, 0)], middle = columns[x], right = columns[min(x + reach, width - 1)]
                    let isInner =
                        mask.labels[around[1] + left] == label && mask.labels[around[1] + right] == label && mask.labels[around[0] + middle] == label
                        && mask.labels[around[2] + middle] == label && mask.labels[around[0] + left] == label && mask.labels[around[0] + right] == label
                        && mask.labels[around[2] + left] == label && mask.labels[around[2] + right] == label
                    blend(color, isInner ? opacity : 256, at: x, in: &row)
                }
            }
        }
        darken(mask, rows, columns)
    }

    /// Draws the colours of a mask alone.
    package func draw(map mask: MaskDrawing) {
        let columns = source(mask.width, width), rows = source(mask.height, height)
        var paints = [RGBColor](repeating: .black, count: 65_536)
        for (label, color) in mask.colors where paints.indices.contains(label) { paints[label] = color }
        if paints.indices.contains(mask.outside) { paints[mask.outside] = Palette.void }
        for y in 0..<height {
            withRow(y) { row in
                for x in 0..<width { blend(paints[Int(mask.labels[rows[y] * mask.width + columns[x]])], 256, at: x, in: &row) }
            }
        }
    }

    private func paints(_ mask: MaskDrawing) -> [RGBColor?] {
        var paints = [RGBColor?](repeating: nil, count: 65_536)
        for (label, color) in mask.colors where paints.indices.contains(label) && !mask.hidden.contains(label) && label != mask.outside {
            paints[label] = color
        }
        return paints
    }

    private func darken(_ mask: MaskDrawing, _ rows: [Int], _ columns: [Int]) {
        guard mask.labels.contains(where: { Int($0) == mask.outside }) else { return }
        for y in 0..<height {
            withRow(y) { row in
                for x in 0..<width where Int(mask.labels[rows[y] * mask.width + columns[x]]) == mask.outside { blend(.black, 128, at: x, in: &row) }
            }
        }
    }
}

extension Canvas {
    /// For each of `count` pixels the one of `size` under its centre.
    func source(_ size: Int, _ count: Int) -> [Int] { (0..<count).map { min((2 * $0 + 1) * size / (2 * count), size - 1) } }

    /// An opacity in 256 steps.
    func steps(_ opacity: Float) -> Int { opacity == opacity ? Int(min(max(opacity, 0), 1) * 256) : 256 }
}

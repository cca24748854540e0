/// A depth map to draw: a number for each of `width` x `height` pixels.
package struct DepthDrawing: Sendable {
    let values: [Float]
    let width: Int
    let height: Int
    /// The values with the colours of the near and the far end.
    package let near: Float
    package let far: Float
    let colors: [RGBColor]

    /// Throws when the number of values is not `width * height`. `near` is above `far` where larger numbers are nearer.
    package init(values: [Float], width: Int, height: Int, near: Float, far: Float, map: ColorMap) throws(VisionError) {
        guard try Image.sampleCount(width: width, height: height, channels: 1) == values.count else {
            throw VisionError(.argument, "expected \(width * height) values for a depth map of \(width) x \(height), found \(values.count)")
        }
        (self.values, self.width, self.height) = (values, width, height)
        (self.near, self.far, colors) = (near, far, map.colors)
    }
}

extension Canvas {
    /// Draws a depth map's colours over the pixels; a value that is no number leaves its pixel, or is black when `opacity` is 1.
    package func draw(_ depth: DepthDrawing, opacity: Float) {
        let opacity = steps(opacity), last = Float(depth.colors.count - 1)
        let columns = source(depth.width, width), rows = source(depth.height, height)
        // A map of one value alone is all at its near end.
        let range = depth.near - depth.far, scale = range != 0 && range.isFinite ? last / range : 0
        for y in 0..<height {
            withRow(y) { row in
                for x in 0..<width {
                    let value = depth.values[rows[y] * depth.width + columns[x]]
                    if value == value {
                        let place = scale == 0 ? last : (value - depth.far) * scale
                        // An infinite end makes no number of an infinite value: that is far.
                        let color = place == place ? Int(min(max(place, 0), last) + 0.5) : 0
                        blend(depth.colors[color], opacity, at: x, in: &row)
                    } else if opacity == 256 {
                        blend(.black, 256, at: x, in: &row)
                    }
                }
            }
        }
    }
}

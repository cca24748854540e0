/// Changes the rows and columns of a map by interpolation, without antialiasing (`torch.nn.functional.interpolate`).
package struct Resize: OpRule {
    package enum Method: Hashable, Sendable {
        case nearest
        case bilinear
        /// Keys' cubic with a = -0.75, as in PyTorch; Pillow's is -0.5.
        case bicubic
    }

    /// Which input position an output position `i` reads, for `n` inputs and `m` outputs.
    package enum Coordinates: Hashable, Sendable {
        /// `(i + 0.5) * n / m - 0.5`: `align_corners=False`, TensorFlow 2, Pillow.
        case halfPixel
        /// `i * (n - 1) / (m - 1)`: `align_corners=True`; 0 when m is 1.
        case alignCorners
        /// `i * n / m`: TensorFlow 1's default, PyTorch's `nearest`.
        case asymmetric
    }

    package let height: Int
    package let width: Int
    package let method: Method
    package let coordinates: Coordinates

    /// `height` and `width` of the output, in 1...2^20. For `nearest` the position is rounded down with `asymmetric` coordinates, to the nearest
    /// (halves down, as `nearest-exact`: `floor((i + 0.5) * n / m)`) with `halfPixel`; `alignCorners` rounds halves up.
    package init(height: Int, width: Int, method: Method, coordinates: Coordinates) throws(GraphError) {
        guard (1...(1 << 20)).contains(height), (1...(1 << 20)).contains(width) else {
            throw .attribute("Resize: \(height)x\(width) is out of range, expected 1 to 2^20")
        }
        (self.height, self.width, self.method, self.coordinates) = (height, width, method, coordinates)
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { try inputs[0].with(h: height, w: width) }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        let taps = method == .nearest ? 0 : method == .bilinear ? 4 : 16
        return Cost(flops: 2 * taps * y.count, readElements: inputs[0].count, writtenElements: y.count)
    }
}

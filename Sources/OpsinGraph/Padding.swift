/// Rows and columns of zeros (for a maximum: of minus infinity) around a map.
package struct Padding: Hashable, Sendable {
    package var top: Int
    package var left: Int
    package var bottom: Int
    package var right: Int

    package init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
        (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
    }

    package static let none = Padding()

    /// `(kernel - 1) / 2 * dilation` on every side: PyTorch's habit for odd kernels.
    package static func symmetric(kernel: Int, dilation: Int = 1) -> Padding {
        let side = (kernel - 1) / 2 * dilation
        return Padding(top: side, left: side, bottom: side, right: side)
    }

    /// TensorFlow's SAME for an input of `height` x `width`: `ceil(n / stride)` outputs, the odd row or column at the bottom or right.
    package static func same(height: Int, width: Int, kernel: Int, stride: Int, dilation: Int = 1) -> Padding {
        func total(_ n: Int) -> Int { max(((n + stride - 1) / stride - 1) * stride + (kernel - 1) * dilation + 1 - n, 0) }
        let rows = total(height), columns = total(width)
        return Padding(top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
    }
}

/// The window that slides over a map: its size, steps and surroundings. Checked once, here; shape arithmetic below cannot trap.
package struct SlidingWindow: Hashable, Sendable {
    package let height: Int
    package let width: Int
    package let strideY: Int
    package let strideX: Int
    package let dilationY: Int
    package let dilationX: Int
    package let padding: Padding

    /// Sizes, strides and dilations in 1...4096, padding in 0...4096.
    package init(
        height: Int, width: Int, strideY: Int = 1, strideX: Int = 1, dilationY: Int = 1, dilationX: Int = 1, padding: Padding = .none
    ) throws(GraphError) {
        for (name, value) in [
            ("kernel height", height), ("kernel width", width), ("stride", strideY), ("stride", strideX), ("dilation", dilationY), ("dilation", dilationX),
        ] {
            guard (1...4096).contains(value) else { throw .attribute("\(name) is \(value), expected 1 to 4096") }
        }
        for value in [padding.top, padding.left, padding.bottom, padding.right] {
            guard (0...4096).contains(value) else { throw .attribute("padding is \(value), expected 0 to 4096") }
        }
        (self.height, self.width, self.strideY, self.strideX) = (height, width, strideY, strideX)
        (self.dilationY, self.dilationX, self.padding) = (dilationY, dilationX, padding)
    }

    /// A square window with one stride and one dilation.
    package init(_ kernel: Int, stride: Int = 1, dilation: Int = 1, padding: Padding = .none) throws(GraphError) {
        try self.init(
            height: kernel, width: kernel, strideY: stride, strideX: stride, dilationY: dilation, dilationX: dilation, padding: padding)
    }

    /// Rows and columns of the output: `floor((n + padding - reach) / stride) + 1`.
    package func outputSize(of x: Shape, op: String) throws(GraphError) -> (h: Int, w: Int) {
        let reachY = dilationY * (height - 1) + 1, reachX = dilationX * (width - 1) + 1
        let freeH = x.h + padding.top + padding.bottom - reachY
        let freeW = x.w + padding.left + padding.right - reachX
        guard freeH >= 0, freeW >= 0 else {
            throw .shape("\(op): a window of reach \(reachY)x\(reachX) is larger than the padded \(x.h)x\(x.w) input")
        }
        return (freeH / strideY + 1, freeW / strideX + 1)
    }

    /// One tap, step 1, no padding: a convolution with it is a plain matrix product over pixels.
    package var isPointwise: Bool {
        height == 1 && width == 1 && strideY == 1 && strideX == 1 && padding == .none
    }
}

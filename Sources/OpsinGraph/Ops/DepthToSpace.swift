/// Moves blocks of channels to pixels: `y[n, i*b + u, j*b + v, c] = x[n, i, j, (u*b + v) * C + c]` for a block of side b and C channels of the output.
///
/// Input `[n, h, w, b*b*C]`, output `[n, h*b, w*b, C]`. TensorFlow's order of the channels (ONNX mode DCR); PyTorch's `PixelShuffle` has the block's place
/// innermost. After a 1x1 convolution it is a transposed convolution whose stride is its kernel, with weights `[(u, v, c), inputs]`.
package struct DepthToSpace: OpRule {
    package let block: Int

    /// `block` in 1...64.
    package init(block: Int) throws(GraphError) {
        guard (1...64).contains(block) else { throw .attribute("DepthToSpace: a block of \(block), expected 1 to 64") }
        self.block = block
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let x = inputs[0]
        guard x.c % (block * block) == 0 else {
            throw .shape("DepthToSpace: \(x) has \(x.c) channels, expected a multiple of \(block * block)")
        }
        return try Shape(n: x.n, h: x.h * block, w: x.w * block, c: x.c / (block * block))
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost { Cost(readElements: y.count, writtenElements: y.count) }
}

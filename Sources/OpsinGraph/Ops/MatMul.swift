/// The product of two activations, image by image: `y[n,h,i,j] = scale * sum over k of a[n,h,i,k] * b[n,h,k,j]`.
///
/// `a` is `[n, h, rows, inner]`; `b` is `[n, h, inner, columns]`, or `[n, h, columns, inner]` with `transposeB`. The output is `[n, h, rows, columns]`.
/// Source: `torch.matmul`.
package struct MatMul: OpRule {
    package let transposeB: Bool
    package let scale: Float

    package init(transposeB: Bool = false, scale: Float = 1) { (self.transposeB, self.scale) = (transposeB, scale) }

    package var inputCount: ClosedRange<Int> { 2...2 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let a = inputs[0], b = inputs[1]
        let (inner, columns) = transposeB ? (b.c, b.w) : (b.w, b.c)
        guard a.n == b.n, a.h == b.h, a.c == inner else { throw .shape("MatMul: \(a) and \(b)\(transposeB ? " transposed" : "") do not multiply") }
        return try a.with(c: columns)
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: 2 * y.count * inputs[0].c, readElements: inputs[0].count + inputs[1].count, writtenElements: y.count)
    }
}

/// Scaled dot-product attention: per query token and head `y = sum over t of softmax over t (scale * q . k[t]) * v[t]`, softmax in fp32.
///
/// Inputs: queries `[n, hq, wq, heads * headSize]`, keys `[n, hk, wk, keyValueHeads * headSize]`, values `[n, hk, wk, keyValueHeads * valueSize]`.
/// Output `[n, hq, wq, heads * valueSize]`; channel = head * valueSize + j. `keyValueHeads` equal to `heads` is multi-head attention
/// (arXiv 1706.03762), 1 is multi-query attention (arXiv 1911.02150; MobileNetV4's, arXiv 2404.10518, section 4). All tokens attend to all keys of
/// their image. No backend keeps a queries x keys matrix of the whole op.
package struct Attention: OpRule {
    package let heads: Int
    package let keyValueHeads: Int
    package let scale: Float

    /// `heads` in 1...1024, `keyValueHeads` divides it.
    package init(heads: Int, keyValueHeads: Int, scale: Float) throws(GraphError) {
        guard (1...1024).contains(heads), (1...heads).contains(keyValueHeads), heads % keyValueHeads == 0 else {
            throw .attribute("Attention: \(heads) heads over \(keyValueHeads) key-value heads, expected 1 to 1024 heads and a divisor of them")
        }
        (self.heads, self.keyValueHeads, self.scale) = (heads, keyValueHeads, scale)
    }

    package var inputCount: ClosedRange<Int> { 3...3 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let q = inputs[0], k = inputs[1], v = inputs[2]
        guard q.c % heads == 0, k.c == q.c / heads * keyValueHeads, v.c % keyValueHeads == 0 else {
            throw .shape("Attention: queries \(q), keys \(k) and values \(v) do not split into \(heads) heads over \(keyValueHeads)")
        }
        guard q.n == k.n, k.n == v.n, k.h == v.h, k.w == v.w else {
            throw .shape("Attention: keys \(k) and values \(v) must have the same tokens, queries \(q) the same images")
        }
        return try q.with(c: v.c / keyValueHeads * heads)
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        let tokens = inputs[0].h * inputs[0].w, keys = inputs[1].h * inputs[1].w
        return Cost(
            flops: 2 * inputs[0].n * tokens * keys * (inputs[0].c + y.c), readElements: inputs.reduce(0) { $0 + $1.count }, writtenElements: y.count)
    }
}

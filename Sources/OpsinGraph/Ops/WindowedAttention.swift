/// Multi-head attention inside of the windows that tile a map: per window, head and query token
/// `y = sum over t of softmax over t (scale * q . k[t] + bias[head, t]) * v[t]`, softmax in fp32.
///
/// Inputs `[n, h, w, heads * headSize]`, three of one shape: queries, keys, values. Output of that shape; channel = head * headSize + j.
/// Windows are plain tiles without overlap, padding or shift; partition and reverse are index arithmetic of the backends, never copies. A window as large
/// as the map is global attention. Source: MOAT (arXiv 2210.01820, section 3), relative positions as in deeplab2's `moat_attention.py`.
package struct WindowedAttention: OpRule {
    package let heads: Int
    package let windowHeight: Int
    package let windowWidth: Int
    package let scale: Float
    /// `[heads, 2 * windowHeight - 1, 2 * windowWidth - 1]`, the same for all windows; nil is none. Query `(i, j)` and key `(x, y)` read row
    /// `x - i + windowHeight - 1`, column `y - j + windowWidth - 1` of the head's table.
    package let positionBias: [Float]?

    /// `heads` in 1...1024, sides of the window in 1...4096; `positionBias` of exactly the size above.
    package init(heads: Int, windowHeight: Int, windowWidth: Int, scale: Float, positionBias: [Float]? = nil) throws(GraphError) {
        guard (1...1024).contains(heads) else { throw .attribute("WindowedAttention: \(heads) heads, expected 1 to 1024") }
        guard (1...4096).contains(windowHeight), (1...4096).contains(windowWidth) else {
            throw .attribute("WindowedAttention: a window of \(windowHeight)x\(windowWidth), expected sides of 1 to 4096")
        }
        let expected = heads * (2 * windowHeight - 1) * (2 * windowWidth - 1)
        if let positionBias, positionBias.count != expected {
            throw .weights("WindowedAttention: the position bias has \(positionBias.count) values, expected \(expected)")
        }
        (self.heads, self.windowHeight, self.windowWidth, self.scale, self.positionBias) = (heads, windowHeight, windowWidth, scale, positionBias)
    }

    package var inputCount: ClosedRange<Int> { 3...3 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let q = inputs[0]
        guard q == inputs[1], q == inputs[2], q.c % heads == 0 else {
            throw .shape("WindowedAttention: queries \(q), keys \(inputs[1]) and values \(inputs[2]) must be alike and split into \(heads) heads")
        }
        guard q.h % windowHeight == 0, q.w % windowWidth == 0 else {
            throw .shape("WindowedAttention: windows of \(windowHeight)x\(windowWidth) do not tile a map of \(q.h)x\(q.w)")
        }
        return q
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(
            flops: 4 * y.count * windowHeight * windowWidth, readElements: 3 * y.count, writtenElements: y.count,
            weightElements: positionBias?.count ?? 0)
    }
}

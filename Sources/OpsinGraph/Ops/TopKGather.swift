/// The rows of the `count` tokens with the highest scores, best first: `y[n, i] = rows[n, t(n, i)]`, where `t(n, i)` is the token of rank `i`.
///
/// Inputs: scores `[n, h, w, classes]`, the tokens of an image row by row; rows `[n or 1, h', w', c]` with as many tokens. Output `[n, 1, count, c]`.
/// Equal scores keep the order of their tokens; 0 and -0 are equal; NaN counts as the highest, so that it shows. Indices never exist as values, in which fp16
/// would round them. Source: `torch.topk` and `torch.gather` of two-stage Deformable DETR (arXiv 2010.04159, A.4) and RT-DETR's query selection.
package struct TopKGather: OpRule {
    /// What a token is ranked by.
    package enum Score: Hashable, Sendable {
        /// Its highest class.
        case best
        /// One class.
        case `class`(Int)
    }

    package let count: Int
    package let score: Score

    /// Throws unless `count` is 1 to 2^20 and the class at least 0.
    package init(count: Int, score: Score = .best) throws(GraphError) {
        guard (1...(1 << 20)).contains(count) else { throw .attribute("TopKGather: the best \(count), expected 1 to 2^20") }
        if case .class(let index) = score, index < 0 { throw .attribute("TopKGather: class \(index), expected 0 or more") }
        (self.count, self.score) = (count, score)
    }

    package var inputCount: ClosedRange<Int> { 2...2 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let scores = inputs[0], rows = inputs[1], tokens = scores.h * scores.w
        guard rows.h * rows.w == tokens, rows.n == scores.n || rows.n == 1 else {
            throw .shape("TopKGather: scores of \(scores) and rows of \(rows) do not fit")
        }
        guard count <= tokens else { throw .shape("TopKGather: the best \(count) of \(tokens) tokens, expected at most as many") }
        guard tokens <= 1 << 24 else { throw .shape("TopKGather: \(tokens) tokens, expected at most 2^24") }
        if case .class(let index) = score, index >= scores.c { throw .shape("TopKGather: class \(index) of \(scores.c)") }
        return try Shape(n: scores.n, h: 1, w: count, c: rows.c)
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        let read = score == .best ? inputs[0].count : inputs[0].pixels
        return Cost(flops: read, readElements: read + y.count, writtenElements: y.count)
    }
}

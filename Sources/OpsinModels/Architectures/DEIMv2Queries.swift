private import Glibc
internal import OpsinGraph

/// The selection of queries: every token of the encoder's maps proposes a box, and the best become queries.
extension DEIMv2Decoder {
    /// Content `[n, 1, queries, width]` and boxes `[n, 1, queries, 4]`, centre and size in 0...1, in the order of the tokens' scores.
    func queries(
        _ network: inout NetworkBuilder, _ tokens: Value, _ levels: [MultiScaleDeformableAttention.Level]
    ) throws(ModelError) -> (content: Value, boxes: Value) {
        let count = options.queries
        guard tokens.shape.w >= count else {
            throw ModelError(.input, "deimv2: an input whose maps have \(tokens.shape.w) pixels, expected at least \(count), one a query")
        }
        let (anchors, valid) = Self.anchors(levels)
        var memory = tokens
        if valid.contains(0) {
            let mask = try constant(&network, "model.valid_mask", valid, 1, tokens)
            memory = try network.append(.multiply(Multiply()), [tokens, mask], "model.masked_tokens")
        }
        if options.projectsTokens {
            memory = try network.linear("model.enc_output.0", memory, outputs: options.width)
            memory = try network.layerNorm("model.enc_output.1", memory, epsilon: options.layerNormEpsilon)
        }
        let scores = try network.linear("model.enc_score_head", memory, outputs: classCount)
        network.graph.endpoint("model.enc_score_head", scores, layout: .nlc)
        let best = try graphResult(.config) { () throws(GraphError) in try TopKGather(count: count) }
        var content = try network.append(.topKGather(best), [scores, memory], "model.query_content")
        // The box head is needed for the queries' tokens only.
        let change = try mlp(&network, "model.enc_bbox_head", content, widths: [options.width, options.width, 4])
        let anchor = try network.append(.topKGather(best), [scores, constant(&network, "model.anchors", anchors, 4, tokens)], "model.query_anchors")
        try exposeTokens(&network, best, scores, tokens)
        network.graph.requireFloat32(anchor)
        let boxes = try network.activation("init_reference_boxes", network.add("model.enc_bbox_head.add", change, anchor), .sigmoid)
        network.graph.requireFloat32(boxes)
        network.graph.endpoint("init_reference_boxes", boxes, layout: .nlc)
        if options.learnsQueries {
            let learnt = try network.weights.tensor("model.weight_embedding.weight", [count, options.width])
            let shape = try graphResult(.input) { () throws(GraphError) in try content.shape.with(n: 1) }
            guard tokens.shape.n == 1 else { throw ModelError(.unsupported, "deimv2: learn_initial_query takes one image at a time") }
            content = try network.constant("model.weight_embedding", learnt, shape: shape)
        }
        return (content, boxes)
    }

    /// `channels` numbers for each token, in fp32 in every precision.
    private func constant(
        _ network: inout NetworkBuilder, _ name: String, _ values: [Float], _ channels: Int, _ tokens: Value
    ) throws(ModelError) -> Value {
        let shape = try graphResult(.input) { () throws(GraphError) in try tokens.shape.with(n: 1, c: channels) }
        let value = try network.constant(name, values, shape: shape)
        network.graph.requireFloat32(value)
        return value
    }

    /// The chosen tokens' numbers, for comparisons only: a graph that does not ask for them drops the selection.
    private func exposeTokens(_ network: inout NetworkBuilder, _ best: TopKGather, _ scores: Value, _ tokens: Value) throws(ModelError) {
        let numbers = try constant(&network, "query_tokens.numbers", (0..<tokens.shape.w).map { Float($0) }, 1, tokens)
        let chosen = try network.append(.topKGather(best), [scores, numbers], "query_tokens.gather")
        network.graph.requireFloat32(chosen)
        let row = try graphResult(.input) { () throws(GraphError) in try Shape(n: chosen.shape.n, h: 1, w: 1, c: chosen.shape.w) }
        network.graph.endpoint("query_tokens", try network.append(.reshape(Reshape(to: row)), [chosen], "query_tokens"), layout: .nc)
    }

    /// The logits of each token's own box, `(x, y, width, height)`, and 1 where all four are in 0.01..<0.99; the others are infinitely large and 0.
    private static func anchors(_ levels: [MultiScaleDeformableAttention.Level]) -> (logits: [Float], valid: [Float]) {
        var (logits, valid): ([Float], [Float]) = ([], [])
        for (index, level) in levels.enumerated() {
            let size = 0.05 * pow(2, Float(index))
            for y in 0..<level.height {
                for x in 0..<level.width {
                    let box = [(Float(x) + 0.5) / Float(level.width), (Float(y) + 0.5) / Float(level.height), size, size]
                    let isValid = box.allSatisfy { $0 > 0.01 && $0 < 0.99 }
                    valid.append(isValid ? 1 : 0)
                    logits += box.map { isValid ? log($0 / (1 - $0)) : .greatestFiniteMagnitude }
                }
            }
        }
        return (logits, valid)
    }
}

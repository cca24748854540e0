private import Glibc
internal import OpsinGraph

/// The second half of Deformable DETR: queries that look at the encoder's tokens, and the heads that read classes and boxes off them.
struct DeformableDETRDecoder {
    let options: DeformableDETR.Options
    let classCount: Int
    /// The maps that the tokens are.
    let levels: [Shape]

    private var width: Int { options.width }
    private static let path = "model.decoder.layers."

    /// What the layers start from.
    private struct Queries {
        /// Their contents and their positions, `[n, 1, queries, width]`.
        let content: Value
        let positions: Value
        /// A point or a box each, in 0...1.
        let references: Value
    }

    /// Adds all layers, from the encoder's tokens to the outputs.
    func build(_ network: inout NetworkBuilder, _ memory: Value) throws(ModelError) {
        let queries = try options.hasTwoStages ? proposed(&network, memory) : learned(&network, batch: memory.shape.n)
        let attention = try DeformableAttentionLayer(heads: options.decoderHeads, points: options.decoderPoints, maps: levels)
        let refinement = try graphResult(.config) { () throws(GraphError) in try BoxRefinement() }
        var x = queries.content, references = queries.references, logits = x
        for layer in 0..<options.decoderLayers {
            let path = "\(Self.path)\(layer)"
            x = try selfAttention(&network, path, x, queries.positions)
            let moved = try network.add("\(path).encoder_attn.queries", x, queries.positions)
            let y = try attention.build(&network, "\(path).encoder_attn", queries: moved, memory: memory, references: references)
            x = try network.layerNorm("\(path).encoder_attn_layer_norm", network.add("\(path).encoder_attn.add", y, x), epsilon: DeformableDETR.epsilon)
            x = try network.feedForward(path, x, inner: options.decoderInner, activation: options.activation, epsilon: DeformableDETR.epsilon)
            x = network.endpoint("decoder.layers.\(layer)", x)
            let isLast = layer == options.decoderLayers - 1
            // Earlier layers' classes count in training only: they are checked, and dropped as dead code.
            if isLast || options.refinesBoxes { logits = try classes(&network, head: layer, x) }
            guard isLast || options.refinesBoxes else { continue }
            let delta = try box(&network, head: layer, x)
            references = try network.append(.boxRefinement(refinement), [delta, references], "\(path).boxes")
            network.graph.requireFloat32(references)
        }
        network.graph.output("logits", logits, layout: .nlc)
        network.graph.output("pred_boxes", references, layout: .nlc)
    }

    private func selfAttention(_ network: inout NetworkBuilder, _ path: String, _ x: Value, _ positions: Value) throws(ModelError) -> Value {
        let name = "\(path).self_attn", placed = try network.add("\(name).queries", x, positions)
        let q = try network.linear("\(name).q_proj", placed, outputs: width), k = try network.linear("\(name).k_proj", placed, outputs: width)
        let v = try network.linear("\(name).v_proj", x, outputs: width)
        let scale = 1 / Float(width / options.decoderHeads).squareRoot()
        var y = try network.attention(name, queries: q, keys: k, values: v, heads: options.decoderHeads, keyValueHeads: options.decoderHeads, scale: scale)
        y = try network.linear("\(name).out_proj", y, outputs: width)
        return try network.layerNorm("\(name)_layer_norm", network.add("\(name).add", y, x), epsilon: DeformableDETR.epsilon)
    }

    /// Queries that training found: half of each embedding is its position, half its content. A point follows from the position.
    private func learned(_ network: inout NetworkBuilder, batch: Int) throws(ModelError) -> Queries {
        let count = options.queries, name = "model.query_position_embeddings"
        let embedding = try network.weights.tensor("\(name).weight", [count, 2 * width]).floats()
        let weight = try network.weights.tensor("model.reference_points.weight", [2, width]).floats()
        let bias = try network.weights.vector("model.reference_points.bias", 2)
        var positions: [Float] = [], content: [Float] = [], points: [Float] = []
        for query in 0..<count {
            let own = embedding[2 * width * query..<2 * width * query + width]
            positions += own
            content += embedding[2 * width * query + width..<2 * width * (query + 1)]
            // The same for every image and every size: no reason to run it.
            for axis in 0..<2 {
                let sum = zip(weight[axis * width..<(axis + 1) * width], own).reduce(Double(bias[axis])) { $0 + Double($1.0) * Double($1.1) }
                points.append(Float(1 / (1 + exp(-sum))))
            }
        }
        let references = try network.constant("model.reference_points", points, shape: shape(1, count, 2))
        network.graph.requireFloat32(references)
        return Queries(
            content: try network.constant("\(name).content", (0..<batch).flatMap { _ in content }, shape: shape(batch, count, width)),
            positions: try network.constant("\(name).position", positions, shape: shape(1, count, width)), references: references)
    }

    /// Two stages: the tokens that score best with the encoder's own heads become boxes, and the boxes queries.
    private func proposed(_ network: inout NetworkBuilder, _ memory: Value) throws(ModelError) -> Queries {
        var logits: [Float] = [], valid: [Float] = []
        for (level, map) in levels.enumerated() {
            let side = 0.05 * Double(1 << min(level, 30)), proposals = MapPositions.proposals(height: map.h, width: map.w, side: side)
            logits += proposals.logits
            valid += proposals.valid
        }
        var tokens = memory
        if valid.contains(0) {
            let mask = try network.constant("model.proposals.valid", valid, shape: shape(1, valid.count, 1))
            tokens = try network.multiply("model.proposals.mask", tokens, mask)
        }
        tokens = try network.layerNorm("model.enc_output_norm", network.linear("model.enc_output", tokens, outputs: width), epsilon: DeformableDETR.epsilon)
        let head = options.decoderLayers
        let scores = try classes(&network, head: head, tokens)
        let count = min(options.proposals, valid.count)
        let best = try graphResult(.config) { () throws(GraphError) in try TopKGather(count: count, score: .class(0)) }
        // The box head runs on the chosen tokens only.
        let chosen = try network.append(.topKGather(best), [scores, tokens], "model.proposals.tokens")
        let boxes = try network.constant("model.proposals", logits, shape: shape(1, valid.count, 4))
        network.graph.requireFloat32(boxes)
        let anchors = try network.append(.topKGather(best), [scores, boxes], "model.proposals.boxes")
        network.graph.requireFloat32(anchors)
        let moved = try network.add("model.proposals.add", box(&network, head: head, chosen), anchors)
        network.graph.requireFloat32(moved)
        let references = try network.activation("model.proposals.sigmoid", moved, .sigmoid)
        network.graph.requireFloat32(references)
        let sines = try graphResult(.config) { () throws(GraphError) in try SineEmbedding(features: width / 2) }
        var embedding = try network.append(.sineEmbedding(sines), [references], "model.proposals.embedding")
        embedding = try network.linear("model.pos_trans", embedding, outputs: 2 * width)
        embedding = try network.layerNorm("model.pos_trans_norm", embedding, epsilon: DeformableDETR.epsilon)
        return Queries(
            content: try network.slice("model.proposals.content", embedding, axis: .c, start: width, count: width),
            positions: try network.slice("model.proposals.position", embedding, axis: .c, start: 0, count: width), references: references)
    }

    /// Where a head's weights are: heads are the decoder layers', and with two stages the encoder's behind them; without refinement all layers share one.
    ///
    /// Files hold a head under the model's name, the decoder's, or both; a shared one once, or once a layer. transformers 5 shares the classes' head unless there
    /// are two stages, and writes the first one only.
    private func name(_ network: inout NetworkBuilder, _ kind: String, head: Int, of parameter: String) -> String {
        let indices = options.refinesBoxes ? [head] : Array(0..<options.decoderLayers)
        let names = indices.flatMap { ["\(kind).\($0)", "model.decoder.\(kind).\($0)"] }
        let shared = options.hasTwoStages || kind != "class_embed" ? [] : ["\(kind).0"]
        let found = (names + shared).first { network.weights.contains("\($0).\(parameter)") } ?? names[0]
        for other in names where other != found { network.weights.ignore(prefix: other + ".") }
        return found
    }

    private func classes(_ network: inout NetworkBuilder, head: Int, _ x: Value) throws(ModelError) -> Value {
        let name = name(&network, "class_embed", head: head, of: "weight")
        return try network.linear(name, x, outputs: classCount)
    }

    private func box(_ network: inout NetworkBuilder, head: Int, _ x: Value) throws(ModelError) -> Value {
        let name = name(&network, "bbox_embed", head: head, of: "layers.0.weight")
        var y = x
        for layer in 0..<3 {
            y = try network.linear("\(name).layers.\(layer)", y, outputs: layer < 2 ? width : 4)
            if layer < 2 { y = try network.activation("\(name).layers.\(layer).act", y, .relu) }
        }
        return y
    }

    private func shape(_ batch: Int, _ tokens: Int, _ channels: Int) throws(ModelError) -> Shape {
        try graphResult(.input) { () throws(GraphError) in try Shape(n: batch, h: 1, w: tokens, c: channels) }
    }
}

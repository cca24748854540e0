private import Glibc
internal import OpsinGraph

/// DEIMv2's decoder: the most promising tokens become queries, whose boxes every layer refines as distributions. Names of transformers' `Deimv2Decoder`.
struct DEIMv2Decoder {
    let options: DEIMv2.Options
    let classCount: Int
    private let path = "model.decoder."

    init(options: DEIMv2.Options, classCount: Int) { (self.options, self.classCount) = (options, classCount) }

    /// Adds everything from the encoder's maps to `logits` and `pred_boxes`.
    func build(_ network: inout NetworkBuilder, _ maps: [Value]) throws(ModelError) {
        let levels = zip(maps, options.points).map {
            MultiScaleDeformableAttention.Level(height: $0.shape.h, width: $0.shape.w, points: $1)
        }
        let tokens = try flattened(&network, maps)
        var (x, boxes) = try queries(&network, tokens, levels)
        let (distances, scale) = try weighting(&network)
        let integral = try graphResult(.config) { () throws(GraphError) in try DistributionToBox(distances: distances, scale: scale) }
        var position = try queryPosition(&network, 0, boxes)
        var (before, first, corners): (Value?, Value?, Value?)
        for index in 0..<options.layers {
            let name = "\(path)layers.\(index)"
            if index > 0, options.positionsPerLayer { position = try queryPosition(&network, index, boxes) }
            x = try layer(&network, name, x, position, boxes, tokens, levels)
            network.graph.endpoint(name, x, layout: .nlc)
            // The first layer's plain box is what all distributions refine.
            let refined: Value
            if let first { refined = first } else { refined = try initialBoxes(&network, x, boxes) }
            first = refined
            let input = try before.map { value throws(ModelError) in try network.add("\(name).bbox_embed.input", x, value) } ?? x
            let change = try mlp(&network, boxHead(&network, index), input, widths: [options.width, options.width, 4 * distances.count])
            let sums = try corners.map { value throws(ModelError) in try network.add("corners.\(index)", change, value) } ?? change
            // Sums over layers, and places: what fp16 rounds too coarsely.
            network.graph.requireFloat32(sums)
            network.graph.endpoint("corners.\(index)", sums, layout: .nlc)
            boxes = try network.append(.distributionToBox(integral), [sums, refined], "layer_boxes.\(index)")
            network.graph.requireFloat32(boxes)
            network.graph.endpoint("layer_boxes.\(index)", boxes, layout: .nlc)
            (before, corners) = (x, sums)
        }
        guard let corners else { throw ModelError(.config, "deimv2: a decoder without layers") }
        let logits = try scores(&network, x, corners)
        network.graph.output("logits", logits, layout: .nlc)
        network.graph.output("pred_boxes", boxes, layout: .nlc)
        ignoreTrainingWeights(&network)
    }

    /// All maps' pixels as one row of tokens, the finest map first.
    private func flattened(_ network: inout NetworkBuilder, _ maps: [Value]) throws(ModelError) -> Value {
        var rows: [Value] = []
        for (index, map) in maps.enumerated() {
            rows.append(try network.tokens("model.flatten.\(index)", map))
        }
        return rows.count == 1 ? rows[0] : try network.concat("model.tokens", rows, axis: .w)
    }

    /// `post-norm` layer: attention among the queries, attention to the maps, SwiGLU.
    private func layer(
        _ network: inout NetworkBuilder, _ name: String, _ input: Value, _ position: Value, _ boxes: Value, _ tokens: Value,
        _ levels: [MultiScaleDeformableAttention.Level]
    ) throws(ModelError) -> Value {
        var y = try selfAttention(&network, name + ".self_attn", input, position)
        var x = try rmsNorm(&network, name + ".self_attn_layer_norm", network.add(name + ".add_self_attn", input, y))
        y = try deformableAttention(&network, name + ".encoder_attn", network.add(name + ".encoder_attn.query", x, position), boxes, tokens, levels)
        x =
            options.hasGates
            ? try gated(&network, name + ".gateway", x, y)
            : try rmsNorm(&network, name + ".encoder_attn_layer_norm", network.add(name + ".add_encoder_attn", x, y))
        let hidden = options.decoderFeedForward / 2
        var gate = try network.linear(name + ".mlp.gate_proj", x, outputs: hidden)
        gate = try network.activation(name + ".mlp.activation", gate, .silu)
        let up = try network.linear(name + ".mlp.up_proj", x, outputs: hidden)
        y = try network.append(.multiply(Multiply()), [gate, up], name + ".mlp.multiply")
        y = try network.linear(name + ".mlp.down_proj", y, outputs: options.width)
        return try rmsNorm(&network, name + ".final_layer_norm", network.add(name + ".add_mlp", x, y))
    }

    private func selfAttention(_ network: inout NetworkBuilder, _ name: String, _ x: Value, _ position: Value) throws(ModelError) -> Value {
        let width = options.width, heads = options.decoderHeads
        let place = try network.add(name + ".query", x, position)
        let q = try network.linear(name + ".q_proj", place, outputs: width), k = try network.linear(name + ".k_proj", place, outputs: width)
        let v = try network.linear(name + ".v_proj", x, outputs: width)
        var y = try network.attention(
            name + ".attention", queries: q, keys: k, values: v, heads: heads, keyValueHeads: heads, scale: 1 / Float(width / heads).squareRoot())
        y = try network.linear(name + ".o_proj", y, outputs: width)
        network.graph.endpoint(name, y, layout: .nlc)
        return y
    }

    /// Samples the encoder's maps as they are: without a projection of values or of the result.
    private func deformableAttention(
        _ network: inout NetworkBuilder, _ name: String, _ query: Value, _ boxes: Value, _ tokens: Value, _ levels: [MultiScaleDeformableAttention.Level]
    ) throws(ModelError) -> Value {
        let heads = options.decoderHeads, points = options.points.reduce(0, +)
        try checkPointScales(&network, name + ".num_points_scale")
        let offsets = try network.linear(name + ".sampling_offsets", query, outputs: heads * points * 2)
        let weights = try network.linear(name + ".attention_weights", query, outputs: heads * points)
        let op = try graphResult(.input) { () throws(GraphError) in try MultiScaleDeformableAttention(heads: heads, levels: levels) }
        let y = try network.append(.multiScaleDeformableAttention(op), [tokens, offsets, weights, boxes], name)
        network.graph.endpoint(name, y, layout: .nlc)
        return y
    }

    /// The file's factors of the offsets are one over the level's points, which the op has built in; others are not supported.
    private func checkPointScales(_ network: inout NetworkBuilder, _ name: String) throws(ModelError) {
        guard network.weights.contains(name) else { return }
        let expected = options.points.flatMap { [Float](repeating: 1 / Float($0), count: $0) }
        let found = try network.weights.vector(name, expected.count, role: .statistic)
        for (value, want) in zip(found, expected) where !(abs(value - want) <= 2e-3) {
            throw ModelError(.unsupported, "\(name) holds \(value), expected \(want), one over the points of its level")
        }
    }

    /// Two gates decide how much of the query and how much of what it found go on.
    private func gated(_ network: inout NetworkBuilder, _ name: String, _ x: Value, _ y: Value) throws(ModelError) -> Value {
        let width = options.width
        let both = try network.concat(name + ".concat", [x, y])
        var gates = try network.linear(name + ".gate", both, outputs: 2 * width)
        gates = try network.activation(name + ".sigmoid", gates, .sigmoid)
        gates = try network.append(.multiply(Multiply()), [gates, both], name + ".multiply")
        let kept = try network.slice(name + ".first", gates, axis: .c, start: 0, count: width)
        let taken = try network.slice(name + ".second", gates, axis: .c, start: width, count: width)
        return try rmsNorm(&network, name + ".norm", network.add(name + ".add", kept, taken))
    }

    /// What is added to queries so that they know their boxes, for the layers from `index` on.
    private func queryPosition(_ network: inout NetworkBuilder, _ index: Int, _ boxes: Value) throws(ModelError) -> Value {
        let width = options.width, name = path + "query_pos_head"
        var y = try mlp(&network, name, boxes, widths: [width, width, width], activation: options.decoderActivation)
        if index == 0 { network.graph.endpoint(name, y, layout: .nlc) }
        y = try network.activation(name + ".low", y, .atLeast(-10))
        return try network.activation(name + ".high", y, .atMost(10))
    }

    /// The boxes after the first layer, by a plain change of their logits.
    private func initialBoxes(_ network: inout NetworkBuilder, _ x: Value, _ boxes: Value) throws(ModelError) -> Value {
        let name = path + "pre_bbox_head"
        let change = try mlp(&network, name, x, widths: [options.width, options.width, 4])
        network.graph.endpoint(name, change, layout: .nlc)
        let refinement = try graphResult(.config) { () throws(GraphError) in try BoxRefinement() }
        let first = try network.append(.boxRefinement(refinement), [change, boxes], "initial_boxes")
        network.graph.requireFloat32(first)
        network.graph.endpoint("initial_boxes", first, layout: .nlc)
        return first
    }

    /// The classes' logits; how peaked the sides' distributions are raises or lowers all of a query's.
    private func scores(_ network: inout NetworkBuilder, _ x: Value, _ corners: Value) throws(ModelError) -> Value {
        let last = options.layers - 1
        let logits = try network.linear(named(&network, "class_embed.\(last)", "weight"), x, outputs: classCount)
        let op = try graphResult(.config) { () throws(GraphError) in try DistributionStatistics(groups: 4, top: options.topProbabilities) }
        let statistics = try network.append(.distributionStatistics(op), [corners], "quality.statistics")
        let widths = [Int](repeating: options.qualityWidth, count: options.qualityLayers - 1) + [1]
        let quality = try mlp(&network, "\(path)lqe_layers.\(last).reg_conf", statistics, widths: widths)
        let row = try graphResult(.input) { () throws(GraphError) in try Shape(n: quality.shape.n, h: 1, w: 1, c: quality.shape.w) }
        network.graph.endpoint("quality", try network.append(.reshape(Reshape(to: row)), [quality], "quality"), layout: .nc)
        return try network.add("logits", logits, quality)
    }

    /// D-FINE's weighting function: the distance of each bin, 0 in the middle, growing to both sides, and twice the bound at the ends.
    private func weighting(_ network: inout NetworkBuilder) throws(ModelError) -> (distances: [Float], scale: Float) {
        let scale = abs(try parameter(&network, "reg_scale", options.boxScale)), bound = abs(try parameter(&network, "up", options.boundFactor)) * scale
        let half = options.bins / 2
        let inner = (1..<half).map { pow(bound + 1, 2 * Double($0) / Double(options.bins - 2)) - 1 }
        let right = inner + [2 * bound]
        return ((right.reversed().map { -$0 } + [0] + right).map { Float($0) }, Float(scale))
    }

    /// A number that the file holds beside the configuration; the file's counts.
    private func parameter(_ network: inout NetworkBuilder, _ name: String, _ configured: Double) throws(ModelError) -> Double {
        guard network.weights.contains(path + name) else { return configured }
        let value = try network.weights.vector(path + name, 1).first ?? 0
        guard value.isFinite, value != 0 else { throw ModelError(.weights, "\(path)\(name) is \(value), expected a finite number other than 0") }
        return Double(value)
    }
}

// MARK: - Parts that the query selection needs too

extension DEIMv2Decoder {
    /// Linear layers `name.layers.i` of these widths with the heads' activation between them.
    func mlp(
        _ network: inout NetworkBuilder, _ name: String, _ input: Value, widths: [Int], activation: ActivationFunction? = nil
    ) throws(ModelError) -> Value {
        var x = input
        for (index, width) in widths.enumerated() {
            x = try network.linear("\(name).layers.\(index)", x, outputs: width)
            if index < widths.count - 1 { x = try network.activation("\(name).activation.\(index)", x, activation ?? options.headActivation) }
        }
        return x
    }

    private func rmsNorm(_ network: inout NetworkBuilder, _ name: String, _ x: Value) throws(ModelError) -> Value {
        let weight = try network.weights.vector(name + ".weight", x.shape.c)
        return try network.append(.rmsNorm(RMSNorm(weight: weight, epsilon: options.rmsNormEpsilon)), [x], name)
    }

    /// The box head of a layer. Where all layers share one, a file may hold it under any layer's number.
    private func boxHead(_ network: inout NetworkBuilder, _ index: Int) throws(ModelError) -> String {
        let numbers = options.sharesBoxHead ? Array(0..<options.storedLayers) : [index]
        for number in numbers {
            for prefix in [path, ""] where network.weights.contains("\(prefix)bbox_embed.\(number).layers.0.weight") { return "\(prefix)bbox_embed.\(number)" }
        }
        return "\(path)bbox_embed.\(numbers[0])"
    }

    /// The name with the decoder's prefix or without it: transformers ties the two and saves one.
    private func named(_ network: inout NetworkBuilder, _ name: String, _ tensor: String) -> String {
        let plain = !network.weights.contains("\(path)\(name).\(tensor)") && network.weights.contains("\(name).\(tensor)")
        return plain ? name : path + name
    }

    /// What files hold for training or for other layers' answers.
    private func ignoreTrainingWeights(_ network: inout NetworkBuilder) {
        for prefix in ["", path] {
            for head in ["class_embed.", "bbox_embed.", "lqe_layers."] { network.weights.ignore(prefix: prefix + head) }
        }
        network.weights.ignore(prefix: "model.denoising_class_embed.")
        if !options.projectsTokens { network.weights.ignore(prefix: "model.enc_output.") }
        for index in options.layers..<max(options.layers, options.storedLayers) { network.weights.ignore(prefix: "\(path)layers.\(index).") }
    }
}

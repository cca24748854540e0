package import OpsinGraph

/// Deformable DETR (arXiv 2010.04159) in all its forms: several levels or one, dilated C5, iterative box refinement, two stages. Names are those of the hub's
/// files (`DeformableDetrForObjectDetection`).
///
/// Outputs: `logits` `[n, queries, classes]`, to be taken through a sigmoid, and `pred_boxes` `[n, queries, 4]` as centre and size in 0...1 of the input.
package struct DeformableDETR: Architecture {
    /// The values of transformers' `DeformableDetrConfig` that shape the layers, with its defaults.
    package struct Options: Hashable, Sendable {
        package var backbone = ResNet()
        /// The backbone's stages that are read, 0 to 3; the last one at least.
        package var stages = [1, 2, 3]
        package var width = 256
        package var levels = 4
        package var queries = 300
        package var encoderLayers = 6
        package var decoderLayers = 6
        package var encoderHeads = 8
        package var decoderHeads = 8
        package var encoderPoints = 4
        package var decoderPoints = 4
        package var encoderInner = 1024
        package var decoderInner = 1024
        package var activation = ActivationFunction.relu
        package var refinesBoxes = false
        package var hasTwoStages = false
        package var proposals = 300

        package init() {}
    }

    package let name = "deformable_detr"
    package let task = ModelTask.detect
    package let inputSize: InputSize
    package let classCount: Int
    package let options: Options

    /// 800 x 1066 is what the published preprocessing makes of a photo of 480 x 640.
    package init(options: Options, classCount: Int, inputSize: InputSize = InputSize(height: 800, width: 1066)) {
        (self.options, self.classCount, self.inputSize) = (options, classCount, inputSize)
    }

    static let epsilon: Float = 1e-5
    private static let backbone = "model.backbone.conv_encoder.model."

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        let maps = try levels(&network, x)
        let memory = try encoder(&network, maps)
        let decoder = DeformableDETRDecoder(options: options, classCount: classCount, levels: maps.map(\.shape))
        try decoder.build(&network, memory)
    }

    /// The maps of all levels, `width` channels each: projected stages of the backbone, then strided convolutions of the last stage and of each other.
    private func levels(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> [Value] {
        let features = try options.backbone.features(&network, Self.backbone, x)
        let read = options.levels > 1 ? options.stages : Array(options.stages.suffix(1))
        var maps: [Value] = []
        for level in 0..<options.levels {
            let path = "model.input_proj.\(level)"
            var y: Value
            if level < read.count {
                y = try network.conv("\(path).0", features[read[level]], outputs: options.width, bias: true)
            } else {
                // The first of them reads the backbone's map, not its projection.
                let source = level == read.count ? features[features.count - 1] : maps[level - 1]
                y = try network.conv(
                    "\(path).0", source, outputs: options.width, kernel: 3, stride: 2, padding: Padding(top: 1, left: 1, bottom: 1, right: 1), bias: true)
            }
            y = try network.groupNorm("\(path).1", y, groups: 32, epsilon: Self.epsilon)
            maps.append(network.endpoint("input_proj.\(level)", y))
        }
        return maps
    }

    /// The tokens of all levels, after self-attention at a few points each.
    private func encoder(_ network: inout NetworkBuilder, _ maps: [Value]) throws(ModelError) -> Value {
        let width = options.width
        let embedding = try network.weights.tensor("model.level_embed", [options.levels, width]).floats()
        var rows: [Value] = [], positions: [Float] = [], centres: [Float] = []
        for (level, map) in maps.enumerated() {
            let (h, w) = (map.shape.h, map.shape.w)
            rows.append(try network.tokens("model.flatten.\(level)", map))
            var sines = MapPositions.sines(height: h, width: w, features: width / 2)
            for index in sines.indices { sines[index] += embedding[level * width + index % width] }
            positions += sines
            centres += MapPositions.centres(height: h, width: w)
        }
        var x = try network.concat("model.tokens", rows, axis: .w)
        let places = try network.constant("model.position_embedding", positions, shape: shape(x.shape.w, width))
        let references = try network.constant("model.encoder.reference_points", centres, shape: shape(x.shape.w, 2))
        network.graph.requireFloat32(references)
        let attention = try DeformableAttentionLayer(heads: options.encoderHeads, points: options.encoderPoints, maps: maps.map(\.shape))
        for layer in 0..<options.encoderLayers {
            let path = "model.encoder.layers.\(layer)"
            let queries = try network.add("\(path).queries", x, places)
            let y = try attention.build(&network, "\(path).self_attn", queries: queries, memory: x, references: references)
            x = try network.layerNorm("\(path).self_attn_layer_norm", network.add("\(path).self_attn.add", y, x), epsilon: Self.epsilon)
            x = try network.feedForward(path, x, inner: options.encoderInner, activation: options.activation, epsilon: Self.epsilon)
            x = network.endpoint("encoder.layers.\(layer)", x)
        }
        return x
    }

    private func shape(_ tokens: Int, _ channels: Int) throws(ModelError) -> Shape {
        try graphResult(.input) { () throws(GraphError) in try Shape(n: 1, h: 1, w: tokens, c: channels) }
    }
}

/// The projections around a multi-scale deformable attention, and the maps that it reads.
struct DeformableAttentionLayer {
    let op: MultiScaleDeformableAttention

    /// The same number of points on every map.
    init(heads: Int, points: Int, maps: [Shape]) throws(ModelError) {
        op = try graphResult(.config) { () throws(GraphError) in
            try MultiScaleDeformableAttention(heads: heads, levels: maps.map { .init(height: $0.h, width: $0.w, points: points) })
        }
    }

    /// Offsets and weights from `queries`, values from `memory`: `name.sampling_offsets`, `.attention_weights`, `.value_proj`, `.output_proj`.
    func build(_ network: inout NetworkBuilder, _ name: String, queries: Value, memory: Value, references: Value) throws(ModelError) -> Value {
        let offsets = try network.linear("\(name).sampling_offsets", queries, outputs: op.heads * op.points * 2)
        let weights = try network.linear("\(name).attention_weights", queries, outputs: op.heads * op.points)
        let values = try network.linear("\(name).value_proj", memory, outputs: memory.shape.c)
        let y = try network.append(.multiScaleDeformableAttention(op), [values, offsets, weights, references], name)
        return try network.linear("\(name).output_proj", y, outputs: memory.shape.c)
    }
}

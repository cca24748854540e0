private import OpsinGraph

extension WeightSource {
    /// The same tensors under the hub's names where they have those of Deformable DETR's own repository (`transformer.encoder.layers.0.linear1.weight`) or of
    /// transformers' modules (`mlp.fc1`, `o_proj`); what has the hub's names already stays.
    ///
    /// A packed `in_proj` becomes three views of its rows: queries, keys, values.
    package func withHubNames() -> WeightSource {
        var renamed: [String: Tensor] = [:]
        for (name, tensor) in tensors {
            let name = Self.isOriginal(name) ? Self.hubName(ofOriginal: name) : Self.hubName(ofModule: name)
            guard let suffix = ["in_proj_weight", "in_proj_bias"].first(where: { name.hasSuffix($0) }), case .weight(let constant) = tensor,
                let rows = constant.dimensions.first, rows % 3 == 0
            else {
                renamed[name] = tensor
                continue
            }
            for (index, part) in ["q_proj", "k_proj", "v_proj"].enumerated() {
                let own = name.dropLast(suffix.count) + part + (suffix == "in_proj_bias" ? ".bias" : ".weight")
                renamed[String(own)] = constant.rows(index * rows / 3..<(index + 1) * rows / 3, name: String(own)).map { .weight($0) }
            }
        }
        return WeightSource(name: self.name, byteCount: byteCount, tensors: renamed, isMadeUp: isMadeUp)
    }

    private static func isOriginal(_ name: String) -> Bool {
        name.hasPrefix("transformer.") || name.hasPrefix("backbone.0.body.") || name.hasPrefix("input_proj.") || name.hasPrefix("query_embed.")
    }

    private static func hubName(ofOriginal name: String) -> String {
        for (old, new) in [
            ("backbone.0.body.", "model.backbone.conv_encoder.model."), ("query_embed.", "model.query_position_embeddings."),
            ("transformer.decoder.class_embed.", "model.decoder.class_embed."), ("transformer.decoder.bbox_embed.", "model.decoder.bbox_embed."),
            ("input_proj.", "model.input_proj."),
        ] where name.hasPrefix(old) {
            return new + name.dropFirst(old.count)
        }
        let parts = name.dropFirst("transformer.".count).split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 3, parts[1] == "layers" else { return "model." + parts.joined(separator: ".") }
        let isDecoder = parts[0] == "decoder"
        let module =
            switch parts[3] {
            case "linear1": "fc1"
            case "linear2": "fc2"
            case "cross_attn": "encoder_attn"
            // The encoder's norms follow attention and perceptron; the decoder's cross-attention, self-attention and perceptron.
            case "norm1": isDecoder ? "encoder_attn_layer_norm" : "self_attn_layer_norm"
            case "norm2": isDecoder ? "self_attn_layer_norm" : "final_layer_norm"
            case "norm3": "final_layer_norm"
            default: parts[3]
            }
        return (["model", parts[0], parts[1], parts[2], module] + parts[4...]).joined(separator: ".")
    }

    private static func hubName(ofModule name: String) -> String {
        guard name.hasPrefix("model.") else { return name }
        if name.hasPrefix("model.backbone.model.") { return "model.backbone.conv_encoder." + name.dropFirst("model.backbone.".count) }
        guard name.hasPrefix("model.encoder.layers.") || name.hasPrefix("model.decoder.layers.") else { return name }
        return name.split(separator: ".", omittingEmptySubsequences: false).filter { $0 != "mlp" }.map { $0 == "o_proj" ? "out_proj" : String($0) }
            .joined(separator: ".")
    }
}

private import OpsinGraph

extension ModelFolder {
    /// The configuration of a checkpoint of MOAT: what its variables' shapes say, deeplab2's defaults for classification, and above both the members of
    /// `given`, a `config.json` that stands beside it.
    static func config(of weights: WeightSource, given: JSON?, file: String) throws(ModelError) -> Config {
        guard let variant = MOAT.Variant(weights) else {
            throw ModelError(.unsupported, file: weights.name, "holds no moat/stem/conv_0/kernel; only checkpoints of MOAT are supported")
        }
        let known = MOAT.variants.first { $0.value.hasSameLayers(as: variant) }
        let classCount = weights.dimensions("moat/logits_head/kernel")?.last ?? 0
        let hasPositions = weights.tensors.keys.contains { $0.hasSuffix("/relative_position_embedding") }
        var members: [JSON.Member] = [
            .init("model_type", "moat"), .init("architecture", .string(known?.key ?? "moat")), .init("num_classes", .integer(classCount)),
            .init("pool_size", 2), .init("position_embedding", .bool(hasPositions)), .init("window_size", [.null, .null, .null, .null]),
            .init("global_attention_at_end_of_moat_stage", false),
        ]
        if known == nil {
            members.append(.init("stem_size", .integer(variant.stem)))
            members.append(.init("num_blocks", .array(variant.blocks.map { .integer($0) })))
            members.append(.init("hidden_size", .array(variant.widths.map { .integer($0) })))
        }
        members.append(.init("pretrained_cfg", MOAT.preprocessing(known?.value ?? variant)))
        for member in given?.members ?? [] {
            if let index = members.firstIndex(where: { $0.name == member.name }) { members[index] = member } else { members.append(member) }
        }
        return Config(file: file, json: .object(members))
    }

    /// The configuration of a MOAT folder, with the member's own preprocessing where it says nothing about it.
    static func completed(_ config: Config, architecture: String) -> Config {
        guard config.value("pretrained_cfg") == nil, let variant = MOAT.variants[architecture], let members = config.json.members else { return config }
        let kept = members.filter { $0.name != "pretrained_cfg" }
        return Config(file: config.file, json: .object(kept + [.init("pretrained_cfg", MOAT.preprocessing(variant))]))
    }
}

extension MOAT {
    /// How deeplab2 evaluates a classifier, in timm's words: the photo squeezed to the input's size, ImageNet's normalisation or, for the large ones, -1...1.
    static func preprocessing(_ variant: Variant) -> JSON {
        let mean: JSON = variant.isCentered ? [0.5, 0.5, 0.5] : [0.485, 0.456, 0.406]
        let deviation: JSON = variant.isCentered ? [0.5, 0.5, 0.5] : [0.229, 0.224, 0.225]
        return [
            "input_size": [3, .integer(variant.inputSide), .integer(variant.inputSide)], "interpolation": "bicubic", "crop_pct": 1.0, "crop_mode": "squash",
            "mean": mean, "std": deviation,
        ]
    }
}

extension MOAT.Variant {
    /// What the shapes of a checkpoint's variables say; nil when they are not MOAT's.
    init?(_ weights: WeightSource) {
        guard let stem = weights.dimensions("moat/stem/conv_0/kernel")?.last else { return nil }
        var blocks = [0, 0, 0, 0], widths = [0, 0, 0, 0]
        for stage in 0..<4 {
            while blocks[stage] < 100,
                let shape = weights.dimensions("moat/block_0\(stage)_\(blocks[stage] < 10 ? "0" : "")\(blocks[stage])/shrink_conv/kernel")
            {
                blocks[stage] += 1
                widths[stage] = shape.last ?? 0
            }
        }
        self.init(stem: stem, blocks: blocks, widths: widths, inputSide: 224, isCentered: false)
    }

    /// Whether both have the same weights.
    func hasSameLayers(as other: MOAT.Variant) -> Bool { stem == other.stem && blocks == other.blocks && widths == other.widths }
}

extension WeightSource {
    /// The dimensions of a weight; nil when there is none of that name.
    func dimensions(_ name: String) -> [Int]? {
        if case .weight(let constant)? = tensors[name] { constant.dimensions } else { nil }
    }
}

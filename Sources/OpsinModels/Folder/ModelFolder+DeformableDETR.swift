private import OpsinGraph

extension ModelFolder {
    /// Deformable DETR as the configuration describes it.
    func deformableDETR() throws(ModelError) -> DeformableDETR {
        if let name = config.value("architectures")?.array?.first?.string, name != "DeformableDetrForObjectDetection" {
            throw ModelError(.unsupported, file: config.file, "\(shown(name)) is not supported, expected DeformableDetrForObjectDetection")
        }
        return DeformableDETR(options: try deformableDETROptions(), classCount: try classCount(), inputSize: try usualInput())
    }

    /// The size that the preprocessor makes of a photo of 480 x 640, which plans and tables start from.
    private func usualInput() throws(ModelError) -> InputSize {
        let sides = 1...Network.maximumSide
        guard let size = try preprocessor?.object("size") else { return InputSize(height: 800, width: 1066) }
        if let height = try size.int("height", in: sides), let width = try size.int("width", in: sides) { return InputSize(height: height, width: width) }
        let shortest = try size.int("shortest_edge", in: sides) ?? 800, longest = try size.int("longest_edge", in: sides) ?? 1333
        return InputSize(height: min(shortest, max(1, longest * 3 / 4)), width: min(shortest * 4 / 3, longest))
    }

    /// The values that transformers' `DeformableDetrConfig` holds, checked.
    package func deformableDETROptions() throws(ModelError) -> DeformableDETR.Options {
        var options = DeformableDETR.Options()
        options.width = try config.int("d_model", in: 32...4096) ?? options.width
        options.levels = try config.int("num_feature_levels", in: 1...16) ?? options.levels
        options.queries = try config.int("num_queries", in: 1...16384) ?? options.queries
        options.encoderLayers = try config.int("encoder_layers", in: 1...64) ?? options.encoderLayers
        options.decoderLayers = try config.int("decoder_layers", in: 1...64) ?? options.decoderLayers
        options.encoderHeads = try config.int("encoder_attention_heads", in: 1...256) ?? options.encoderHeads
        options.decoderHeads = try config.int("decoder_attention_heads", in: 1...256) ?? options.decoderHeads
        options.encoderPoints = try config.int("encoder_n_points", in: 1...64) ?? options.encoderPoints
        options.decoderPoints = try config.int("decoder_n_points", in: 1...64) ?? options.decoderPoints
        options.encoderInner = try config.int("encoder_ffn_dim", in: 1...65536) ?? options.encoderInner
        options.decoderInner = try config.int("decoder_ffn_dim", in: 1...65536) ?? options.decoderInner
        options.activation = try activation("activation_function", config) ?? options.activation
        options.refinesBoxes = try config.bool("with_box_refine") ?? options.refinesBoxes
        options.hasTwoStages = try config.bool("two_stage") ?? options.hasTwoStages
        options.proposals = try config.int("two_stage_num_proposals", in: 1...4096) ?? options.proposals
        if let type = try config.string("position_embedding_type"), type != "sine" {
            throw ModelError(.unsupported, file: config.file, "position_embedding_type is \"\(shown(type, limit: 30))\", only \"sine\" is supported")
        }
        guard !options.hasTwoStages || options.refinesBoxes else {
            throw ModelError(.config, file: config.file, "two_stage is true and with_box_refine is not: two stages need the refined boxes' heads")
        }
        for (key, heads) in [("encoder_attention_heads", options.encoderHeads), ("decoder_attention_heads", options.decoderHeads)] {
            guard options.width % heads == 0 else { throw config.wrong(key, .integer(heads), "a divisor of d_model, which is \(options.width)") }
        }
        guard options.width % 32 == 0 else { throw config.wrong("d_model", .integer(options.width), "a multiple of 32, the groups of its norms") }
        (options.backbone, options.stages) = try backbone(levels: options.levels)
        guard options.levels == 1 || options.levels >= options.stages.count else {
            let stages = options.stages.count
            throw ModelError(.config, file: config.file, "num_feature_levels is \(options.levels), fewer than the \(stages) stages that are read")
        }
        return options
    }

    /// The backbone and the stages that are read: timm's by name, which is what files without `use_timm_backbone` mean, or transformers' own ResNet.
    private func backbone(levels: Int) throws(ModelError) -> (ResNet, stages: [Int]) {
        if let channels = try config.int("num_channels", in: 1...1024), channels != 3 {
            throw ModelError(.unsupported, file: config.file, "num_channels is \(channels), only 3 is supported")
        }
        let own = try config.object("backbone_config")
        let kind = try own.string("model_type")
        guard kind == nil || kind == "timm_backbone" else { return try transformersBackbone(own, kind: kind ?? "") }
        if kind == nil, try config.bool("use_timm_backbone") == false {
            throw ModelError(.config, file: config.file, "use_timm_backbone is false and there is no backbone_config; expected one with model_type \"resnet\"")
        }
        let owned = try own.string("backbone"), given = try config.string("backbone"), name = owned ?? given ?? "resnet50"
        guard var backbone = ResNet(name: name) else {
            throw ModelError(
                .unsupported, file: config.file, "backbone \"\(shown(name, limit: 40))\" is not supported, expected \(ResNet.names.joined(separator: ", "))")
        }
        let stride = try own.int("output_stride", in: 1...64), isDilated = try config.bool("dilation")
        if let stride, stride != 32, stride != 16 {
            throw ModelError(.unsupported, file: config.file, "backbone_config.output_stride is \(stride), expected 32 or 16")
        }
        backbone.dilatesLastStage = stride == 16 || isDilated ?? false
        // timm counts the stem.
        let stages = try indices(own, "out_indices", offset: 1) ?? (levels > 1 ? [1, 2, 3] : [3])
        return (backbone, stages)
    }

    private func transformersBackbone(_ own: Config, kind: String) throws(ModelError) -> (ResNet, stages: [Int]) {
        guard kind == "resnet" else {
            throw ModelError(.unsupported, file: config.file, "backbone_config.model_type is \"\(shown(kind, limit: 40))\", expected \"resnet\"")
        }
        if try config.bool("dilation") == true {
            throw ModelError(.unsupported, file: config.file, "dilation is true with transformers' own ResNet, which has none; only timm's backbones dilate")
        }
        var backbone = ResNet()
        backbone.naming = .transformers
        backbone.stemWidth = try own.int("embedding_size", in: 1...4096) ?? backbone.stemWidth
        backbone.widths = try integers(own, "hidden_sizes", in: 4...65536) ?? backbone.widths
        backbone.depths = try integers(own, "depths", in: 1...256) ?? backbone.depths
        backbone.activation = try activation("hidden_act", own) ?? backbone.activation
        backbone.stridesFirstStage = try own.bool("downsample_in_first_stage") ?? false
        backbone.stridesFirstConvolution = try own.bool("downsample_in_bottleneck") ?? false
        if let type = try own.string("layer_type") {
            guard type == "bottleneck" || type == "basic" else { throw own.wrong("layer_type", .string(type), "\"bottleneck\" or \"basic\"") }
            backbone.isBottleneck = type == "bottleneck"
        }
        guard backbone.widths.count == 4, backbone.depths.count == 4 else {
            let found = "\(backbone.widths.count) hidden_sizes and \(backbone.depths.count) depths"
            throw ModelError(.config, file: config.file, "backbone_config has \(found), expected 4 each")
        }
        let byName = try named(own), byNumber = try indices(own, "out_indices", offset: 1)
        return (backbone, byName ?? byNumber ?? [3])
    }

    /// `out_features`: `stage1` to `stage4`.
    private func named(_ own: Config) throws(ModelError) -> [Int]? {
        guard let value = own.value("out_features") else { return nil }
        var stages: [Int] = []
        for name in value.array ?? [] {
            guard let text = name.string, text.hasPrefix("stage"), let number = Int(text.dropFirst(5)), (1...4).contains(number) else {
                throw own.wrong("out_features", name, "stage1 to stage4")
            }
            stages.append(number - 1)
        }
        return try ascending(own, "out_features", value, stages)
    }

    /// Numbers of stages, counted from `offset`.
    private func indices(_ own: Config, _ key: String, offset: Int) throws(ModelError) -> [Int]? {
        guard let stages = try integers(own, key, in: offset...3 + offset), let value = own.value(key) else { return nil }
        return try ascending(own, key, value, stages.map { $0 - offset })
    }

    private func ascending(_ own: Config, _ key: String, _ value: JSON, _ stages: [Int]) throws(ModelError) -> [Int] {
        guard stages.last == 3, zip(stages, stages.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw own.wrong(key, value, "ascending stages with the last one at their end")
        }
        return stages
    }

    private func integers(_ own: Config, _ key: String, in range: ClosedRange<Int>) throws(ModelError) -> [Int]? {
        guard let value = own.value(key) else { return nil }
        guard let numbers = value.array, (1...4).contains(numbers.count) else { throw own.wrong(key, value, "an array of 1 to 4 integers") }
        var result: [Int] = []
        for number in numbers {
            guard let integer = number.int, range.contains(integer) else {
                throw own.wrong(key, number, "integers of \(range.lowerBound) to \(range.upperBound)")
            }
            result.append(integer)
        }
        return result
    }

    private func activation(_ key: String, _ own: Config) throws(ModelError) -> ActivationFunction? {
        guard let name = try own.string(key) else { return nil }
        guard let function = ActivationFunction(transformers: name) else {
            throw ModelError(.unsupported, file: config.file, "\(key) \"\(shown(name, limit: 30))\" is not supported")
        }
        return function
    }
}

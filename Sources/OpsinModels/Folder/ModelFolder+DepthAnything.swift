private import OpsinGraph

extension ModelFolder {
    /// The values that transformers' `DepthAnythingConfig` holds, checked.
    package func depthAnythingOptions() throws(ModelError) -> DepthAnything.Options {
        if let name = config.value("architectures")?.array?.first?.string, name != "DepthAnythingForDepthEstimation" {
            throw ModelError(.unsupported, file: config.file, "\(shown(name)) is not supported, expected DepthAnythingForDepthEstimation")
        }
        if config.value("backbone_config") == nil, let name = try config.string("backbone") {
            throw ModelError(.unsupported, file: config.file, "backbone \"\(shown(name))\" without a backbone_config is not supported, expected \"dinov2\"")
        }
        var options = DepthAnything.Options()
        options.backbone = try dinoV2Options(config.object("backbone_config"))
        let backbone = options.backbone
        if let side = try config.int("patch_size", in: 1...64), side != backbone.patchSide {
            throw config.wrong("patch_size", .integer(side), "the backbone's \(backbone.patchSide)")
        }
        let size = try config.int("reassemble_hidden_size", in: 1...8192) ?? 384
        guard size == backbone.hiddenSize else { throw config.wrong("reassemble_hidden_size", .integer(size), "the backbone's \(backbone.hiddenSize)") }
        try readNeck(into: &options)

        let kind = try config.string("depth_estimation_type") ?? "relative"
        guard kind == "relative" || kind == "metric" else { throw config.wrong("depth_estimation_type", .string(kind), "\"relative\" or \"metric\"") }
        options.isMetric = kind == "metric"
        options.maximumDepth = Float(try config.double("max_depth", in: 1e-3...1e6) ?? 1)
        return options
    }

    /// The layers between the backbone and the head.
    private func readNeck(into options: inout DepthAnything.Options) throws(ModelError) {
        options.neckChannels = try config.ints("neck_hidden_sizes", in: 1...8192) ?? options.neckChannels
        let count = options.neckChannels.count
        guard (1...8).contains(count) else { throw config.wrong("neck_hidden_sizes", config.value("neck_hidden_sizes") ?? .null, "1 to 8 numbers") }
        guard options.backbone.featureLayers.count == count else {
            throw ModelError(
                .config, file: config.file, "neck_hidden_sizes has \(count) numbers, backbone_config names \(options.backbone.featureLayers.count) features")
        }
        if let value = config.value("reassemble_factors") { options.neckFactors = value.array?.compactMap(\.double) ?? [] }
        // A whole number of pixels a patch, or of patches a pixel.
        func isWhole(_ number: Double) -> Bool { (1...16).contains(number) && number == number.rounded() }
        guard options.neckFactors.count == count, options.neckFactors.allSatisfy({ isWhole($0) || isWhole(1 / $0) }) else {
            throw config.wrong("reassemble_factors", config.value("reassemble_factors") ?? .null, "\(count) numbers like 4, 2, 1 or 0.5, one a feature")
        }
        options.fusionChannels = try config.int("fusion_hidden_size", in: 2...8192) ?? options.fusionChannels
        options.headChannels = try config.int("head_hidden_size", in: 1...8192) ?? options.headChannels
        let index = try config.int("head_in_index", in: -count...count - 1) ?? -1
        options.headIndex = index < 0 ? count + index : index
    }

    /// The values that transformers' `Dinov2Config` holds, checked.
    private func dinoV2Options(_ config: Config) throws(ModelError) -> DINOv2.Options {
        var options = DINOv2.Options()
        // Without a configuration of its own the backbone is the small one, and features come from its last four layers (the first version's).
        if config.json.members?.isEmpty != false {
            (options.hiddenSize, options.heads, options.imageSide, options.featureLayers) = (384, 6, 518, [9, 10, 11, 12])
        }
        let type = try config.string("model_type") ?? "dinov2"
        guard type == "dinov2" else {
            throw ModelError(.unsupported, file: config.file, "backbone_config.model_type \"\(shown(type, limit: 40))\" is not supported, expected \"dinov2\"")
        }
        if try config.bool("use_swiglu_ffn") == true {
            throw ModelError(.unsupported, file: config.file, "backbone_config.use_swiglu_ffn is true, only DINOv2's plain perceptron is supported")
        }
        if let channels = try config.int("num_channels", in: 1...1024), channels != 3 {
            throw ModelError(.unsupported, file: config.file, "backbone_config.num_channels is \(channels), only 3 is supported")
        }
        options.hiddenSize = try config.int("hidden_size", in: 1...8192) ?? options.hiddenSize
        options.layers = try config.int("num_hidden_layers", in: 1...100) ?? options.layers
        options.heads = try config.int("num_attention_heads", in: 1...1024) ?? options.heads
        guard options.hiddenSize % options.heads == 0 else {
            throw config.wrong("num_attention_heads", .integer(options.heads), "a divisor of hidden_size \(options.hiddenSize)")
        }
        options.mlpRatio = try config.int("mlp_ratio", in: 1...16) ?? options.mlpRatio
        options.imageSide = try config.int("image_size", in: 1...Network.maximumSide) ?? options.imageSide
        options.patchSide = try config.int("patch_size", in: 1...64) ?? options.patchSide
        guard options.imageSide % options.patchSide == 0 else {
            throw config.wrong("image_size", .integer(options.imageSide), "a multiple of patch_size \(options.patchSide)")
        }
        options.hasBiases = try config.bool("qkv_bias") ?? options.hasBiases
        options.normalizesFeatures = try config.bool("apply_layernorm") ?? options.normalizesFeatures
        options.hasMaskToken = try config.bool("use_mask_token") ?? options.hasMaskToken
        options.layerNormEpsilon = Float(try config.double("layer_norm_eps", in: 0...1) ?? 1e-6)
        if let name = try config.string("hidden_act") {
            guard let function = ActivationFunction(transformers: name) else {
                throw ModelError(.unsupported, file: config.file, "backbone_config.hidden_act \"\(shown(name, limit: 30))\" is not supported")
            }
            options.activation = function
        }
        options.featureLayers = try featureLayers(config, layers: options.layers) ?? options.featureLayers
        return options
    }

    /// `out_indices`, else the numbers behind `out_features` (`stage3`); nil when there is neither.
    private func featureLayers(_ config: Config, layers: Int) throws(ModelError) -> [Int]? {
        var key = "out_indices"
        var indices = try config.ints(key, in: -layers - 1...layers)?.map { $0 < 0 ? layers + 1 + $0 : $0 }
        if indices == nil, let value = config.value("out_features") {
            key = "out_features"
            let names = value.array?.compactMap(\.string) ?? []
            let numbers = names.compactMap { name in name == "stem" ? 0 : name.hasPrefix("stage") ? Int(name.dropFirst(5)) : nil }
            guard numbers.count == value.array?.count, numbers.allSatisfy({ (0...layers).contains($0) }) else {
                throw config.wrong(key, value, "names like \"stage\(layers)\"")
            }
            indices = numbers
        }
        guard let indices else { return nil }
        guard !indices.isEmpty, zip(indices, indices.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw config.wrong(key, config.value(key) ?? .null, "layers in rising order")
        }
        return indices
    }
}

private import OpsinGraph

/// The configuration of transformers' `deimv2`, with its defaults, and the four keys that say what upstream computes (design of `DEIMv2.Options`).
extension ModelFolder {
    /// The detector that the configuration describes. Throws when Opsin does not run it, or when values contradict each other.
    func deimv2() throws(ModelError) -> DEIMv2 {
        var options = DEIMv2.Options(backbone: try hgnetV2(config.object("backbone_config")))
        try readEncoder(&options)
        try readDecoder(&options)
        options.projectsTokens = try config.bool("use_encoder_output_projection") ?? true
        options.headActivation = try activation("head_activation_function", .relu)
        options.positionsPerLayer = try config.bool("query_position_per_layer") ?? true
        options.rmsNormEpsilon = Float(try config.double("rms_norm_eps", in: 0...1) ?? 1e-6)
        return DEIMv2(options: options, classCount: try classCount(), inputSize: try deimv2InputSize())
    }

    private func readEncoder(_ options: inout DEIMv2.Options) throws(ModelError) {
        let type = try config.string("encoder_type") ?? "hybrid"
        guard ["lite", "hybrid"].contains(type) else { throw unsupported("encoder_type", type, "\"lite\" and \"hybrid\" are") }
        options.hasLiteEncoder = type == "lite"
        if let fuse = try config.string("encoder_fuse_op"), fuse != "sum" { throw unsupported("encoder_fuse_op", fuse, "\"sum\" is") }
        options.encoderInputs = try integers("encoder_in_channels", config, in: 1...65536) ?? options.encoderInputs
        options.encoderWidth = try config.int("encoder_hidden_dim", in: 4...8192) ?? options.encoderWidth
        options.encoderLayers = try config.int("encoder_layers", in: 0...64) ?? options.encoderLayers
        options.encoderFeedForward = try config.int("encoder_ffn_dim", in: 1...65536) ?? options.encoderFeedForward
        options.encoderHeads = try config.int("encoder_attention_heads", in: 1...1024) ?? options.encoderHeads
        options.encodedMaps = try integers("encode_proj_layers", config, in: 0...63) ?? options.encodedMaps
        options.encoderActivation = try activation("encoder_activation_function", .gelu)
        options.normalizesFirst = try config.bool("normalize_before") ?? false
        options.layerNormEpsilon = Float(try config.double("layer_norm_eps", in: 0...1) ?? 1e-5)
        options.positionTemperature = try config.double("positional_encoding_temperature", in: 1...1e9) ?? options.positionTemperature
        // transformers adds positions only when eval_size is not set.
        options.hasEncoderPositions = config.value("eval_size") == nil
        options.activation = try activation("activation_function", .silu)
        options.batchNormEpsilon = try config.double("batch_norm_eps", in: 0...1) ?? options.batchNormEpsilon
        options.hiddenExpansion = try config.double("hidden_expansion", in: 0.01...64) ?? options.hiddenExpansion
        options.depthFactor = try config.double("depth_mult", in: 0...64) ?? options.depthFactor
        options.hasTrailingConvolution = try config.bool("encoder_has_trailing_conv") ?? true
        guard options.encoderWidth % options.encoderHeads == 0, options.encoderWidth % 4 == 0 else {
            throw ModelError(
                .config, file: config.file,
                "encoder_hidden_dim is \(options.encoderWidth), expected a multiple of 4 and of encoder_attention_heads, \(options.encoderHeads)")
        }
        guard options.hasLiteEncoder || options.encoderLayers == 0 || options.encodedMaps.allSatisfy({ $0 < options.encoderInputs.count }) else {
            throw ModelError(
                .config, file: config.file, "encode_proj_layers is \(options.encodedMaps), expected numbers below \(options.encoderInputs.count), one a map")
        }
        // `round(expansion * width // 2)` channels, as `DEIMv2Encoder` counts them.
        guard (options.hiddenExpansion * Double(options.encoderWidth) / 2).rounded(.down) >= 1 else {
            throw ModelError(.config, file: config.file, "hidden_expansion is \(options.hiddenExpansion), which leaves no channel of \(options.encoderWidth)")
        }
    }

    private func readDecoder(_ options: inout DEIMv2.Options) throws(ModelError) {
        options.width = try config.int("d_model", in: 1...8192) ?? options.width
        options.queries = try config.int("num_queries", in: 1...65536) ?? options.queries
        options.decoderInputs = try integers("decoder_in_channels", config, in: 1...65536) ?? options.decoderInputs
        options.decoderFeedForward = try config.int("decoder_ffn_dim", in: 2...65536) ?? options.decoderFeedForward
        options.decoderHeads = try config.int("decoder_attention_heads", in: 1...1024) ?? options.decoderHeads
        options.decoderActivation = try activation("decoder_activation_function", .relu)
        guard options.width % options.decoderHeads == 0 else {
            throw ModelError(.config, file: config.file, "d_model is \(options.width), expected a multiple of decoder_attention_heads, \(options.decoderHeads)")
        }
        options.points = try points()
        let layers = try config.int("decoder_layers", in: 1...64) ?? options.layers
        let index = try config.int("eval_idx", in: -layers...layers - 1) ?? -1
        options.layers = index < 0 ? layers + index + 1 : index + 1
        // transformers makes one more layer for each behind the one that counts.
        options.storedLayers = 2 * layers - options.layers
        options.sharesBoxHead = try config.bool("share_bbox_head") ?? false
        options.hasGates = try config.bool("use_gateway") ?? true
        options.learnsQueries = try config.bool("learn_initial_query") ?? false
        options.bins = try config.int("max_num_bins", in: 4...1024) ?? options.bins
        options.boundFactor = try config.double("up", in: 1e-6...1e3) ?? options.boundFactor
        options.boxScale = try config.double("reg_scale", in: 1e-6...1e3) ?? options.boxScale
        options.topProbabilities = try config.int("top_prob_values", in: 1...16) ?? options.topProbabilities
        options.qualityWidth = try config.int("lqe_hidden_dim", in: 1...8192) ?? options.qualityWidth
        options.qualityLayers = try config.int("lqe_layers", in: 1...16) ?? options.qualityLayers
        guard options.bins % 2 == 0, options.topProbabilities <= options.bins + 1 else {
            throw ModelError(.config, file: config.file, "max_num_bins is \(options.bins), expected an even number of at least \(options.topProbabilities)")
        }
        if let method = try config.string("decoder_method"), method != "default" { throw unsupported("decoder_method", method, "\"default\" is") }
        if let scale = try config.double("decoder_offset_scale", in: -1e6...1e6), scale != 0.5 {
            throw unsupported("decoder_offset_scale", "\(scale)", "0.5 is")
        }
        if let refines = try config.bool("with_box_refine"), !refines { throw unsupported("with_box_refine", "false", "true is") }
    }

    /// Points of each level: one number for all of them, or one each.
    private func points() throws(ModelError) -> [Int] {
        let levels = try config.int("num_feature_levels", in: 1...16) ?? 3
        let value = config.value("decoder_n_points")
        guard value?.array != nil else { return [Int](repeating: try config.int("decoder_n_points", in: 1...256) ?? 4, count: levels) }
        let points = try integers("decoder_n_points", config, in: 1...256) ?? []
        guard points.count == levels else {
            throw ModelError(.config, file: config.file, "decoder_n_points has \(points.count) numbers, num_feature_levels is \(levels), expected one a level")
        }
        return points
    }

    /// The backbone's configuration, with the defaults of transformers' `HGNetV2Config`.
    private func hgnetV2(_ config: Config) throws(ModelError) -> HGNetV2 {
        if let type = try config.string("model_type"), type != "hgnet_v2" {
            throw ModelError(
                .unsupported, file: config.file,
                "backbone_config.model_type \"\(shown(type, limit: 40))\" is not supported, \"hgnet_v2\" is (Atto, Femto, Pico, N)")
        }
        if let channels = try config.int("num_channels", in: 1...1024), channels != 3 {
            throw ModelError(.unsupported, file: config.file, "backbone_config.num_channels is \(channels), only 3 is supported")
        }
        let sizes = 1...65536
        let stem = try integers("stem_channels", config, in: sizes) ?? [3, 32, 48]
        let strides = try integers("stem_strides", config, in: 1...8) ?? [2, 1, 1, 2, 1]
        guard stem.count == 3, stem[0] == 3, stem[1] >= 2, strides.count == 5, strides[1] == 1, strides[2] == 1 else {
            throw ModelError(
                .unsupported, file: config.file, "backbone_config: stem_channels \(stem) with stem_strides \(strides), expected [3, ., .] and [., 1, 1, ., .]")
        }
        let inputs = try integers("stage_in_channels", config, in: sizes) ?? [48, 128, 512, 1024], count = inputs.count
        func list(_ key: String, _ usual: [Int], _ range: ClosedRange<Int>) throws(ModelError) -> [Int] {
            let values = try integers(key, config, in: range) ?? usual
            guard values.count == count else {
                throw ModelError(.config, file: config.file, "backbone_config.\(key) has \(values.count) numbers, expected \(count), one a stage")
            }
            return values
        }
        func flags(_ key: String, _ usual: [Bool]) throws(ModelError) -> [Bool] {
            guard let value = config.value(key) else { return usual }
            let flags = value.array?.compactMap(\.bool) ?? []
            guard flags.count == count, value.array?.count == count else { throw config.wrong(key, value, "\(count) of true or false, one a stage") }
            return flags
        }
        let middle = try list("stage_mid_channels", [48, 96, 192, 384], sizes), outputs = try list("stage_out_channels", [128, 512, 1024, 2048], 2...65536)
        let blocks = try list("stage_num_blocks", [1, 1, 3, 1], 1...64), layers = try list("stage_numb_of_layers", [6, 6, 6, 6], 1...64)
        let kernels = try list("stage_kernel_size", [3, 3, 5, 5], 1...15)
        let halves = try flags("stage_downsample", [false, true, true, true]), light = try flags("stage_light_block", [false, false, true, true])
        let steps = try integers("stage_downsample_strides", config, in: 1...8) ?? [2, 2, 2, 2]
        guard halves.count == count, light.count == count, steps.count >= count else {
            throw ModelError(.config, file: config.file, "backbone_config: flags and strides of another number of stages than stage_in_channels, \(count)")
        }
        let stages = (0..<count).map { index in
            HGNetV2.Stage(
                inputs: inputs[index], middle: middle[index], outputs: outputs[index], blocks: blocks[index], layers: layers[index], kernel: kernels[index],
                downsampling: halves[index] ? steps[index] : nil, isLight: light[index])
        }
        guard kernels.allSatisfy({ $0 % 2 == 1 }) else { throw unsupported("backbone_config.stage_kernel_size", "\(kernels)", "odd ones are") }
        return HGNetV2(
            stemChannels: (stem[1], stem[2]), stemStrides: strides, stages: stages, outputStages: try outputStages(config, count),
            hasAffineBlocks: try config.bool("use_learnable_affine_block") ?? false, stemActivation: try activation("hidden_act", .relu, config),
            hasFrozenNorms: try self.config.bool("freeze_backbone_batch_norms") ?? true)
    }

    /// Which stages' maps go on: `out_features` (`stage3`) or `out_indices`, where 0 is the stem; without both, the last one.
    private func outputStages(_ config: Config, _ count: Int) throws(ModelError) -> [Int] {
        var stages = try integers("out_indices", config, in: 1...count).map { $0.map { $0 - 1 } } ?? [count - 1]
        if let value = config.value("out_features") {
            let names = value.array?.compactMap(\.string) ?? []
            stages = (0..<count).filter { names.contains("stage\($0 + 1)") }
            guard stages.count == value.array?.count, !stages.isEmpty else { throw config.wrong("out_features", value, "names of stage1 to stage\(count)") }
        }
        guard stages == stages.sorted(), Set(stages).count == stages.count else {
            throw ModelError(.config, file: config.file, "backbone_config.out_indices is \(stages.map { $0 + 1 }), expected rising numbers")
        }
        return stages
    }

    /// The input's size: that of the preprocessor, else 640 x 640, transformers' default of `RTDetrImageProcessor`.
    private func deimv2InputSize() throws(ModelError) -> InputSize {
        guard let preprocessor else { return InputSize(height: 640, width: 640) }
        let size = try preprocessor.object("size"), sides = 1...Network.maximumSide
        let height = try size.int("height", in: sides) ?? 640, width = try size.int("width", in: sides) ?? 640
        guard height % 32 == 0, width % 32 == 0 else {
            throw ModelError(.unsupported, file: preprocessor.file, "size is \(height)x\(width), expected multiples of 32")
        }
        return InputSize(height: height, width: width)
    }

    private func activation(_ key: String, _ usual: ActivationFunction, _ config: Config? = nil) throws(ModelError) -> ActivationFunction {
        guard let name = try (config ?? self.config).string(key) else { return usual }
        guard let function = ActivationFunction(transformers: name) else { throw unsupported(key, name, "relu, gelu, silu and the like are") }
        return function
    }

    private func unsupported(_ key: String, _ value: String, _ supported: String) -> ModelError {
        ModelError(.unsupported, file: config.file, "\(key) \"\(shown(value, limit: 40))\" is not supported, \(supported)")
    }

    /// An array of integers; nil when there is no such key.
    private func integers(_ key: String, _ config: Config, in range: ClosedRange<Int>) throws(ModelError) -> [Int]? {
        guard let value = config.value(key) else { return nil }
        let numbers = value.array?.compactMap(\.int) ?? []
        guard let array = value.array, !array.isEmpty, array.count <= 64, numbers.count == array.count, numbers.allSatisfy(range.contains) else {
            throw config.wrong(key, value, "1 to 64 integers of \(range.lowerBound) to \(range.upperBound)")
        }
        return numbers
    }
}

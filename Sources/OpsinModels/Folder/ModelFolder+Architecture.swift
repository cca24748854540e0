private import OpsinGraph

extension ModelFolder {
    /// Largest number of classes that a configuration may ask for.
    static let maximumClasses = 1 << 20

    /// The architecture that the configuration describes. Throws when Opsin does not run it, or when a value is out of range.
    package func architecture() throws(ModelError) -> any Architecture {
        switch format {
        case .timm(let name): try timm(name)
        case .transformers(let modelType): try transformers(modelType)
        case .moat(let name): try moat(name)
        }
    }

    private func timm(_ name: String) throws(ModelError) -> any Architecture {
        let pretrained = try config.object("pretrained_cfg")
        let classCount = try classCount()
        let size = try timmInputSize(pretrained)
        if let pool = try config.string("global_pool"), pool != "avg" {
            throw ModelError(.unsupported, file: config.file, "global_pool is \"\(shown(pool, limit: 30))\", only \"avg\" is supported")
        }
        if let network = MobileNetV4(name: name, classCount: classCount, inputSize: size) { return network }
        if let network = MobileNetV2(name: name, classCount: classCount, inputSize: size) { return network }
        if name.hasPrefix("mobilenetv4_conv_blur_") || name.hasPrefix("mobilenetv4_conv_aa_") {
            throw ModelError(
                .unsupported, file: config.file,
                "architecture \(shown(name)) is not supported: its antialiased downsampling has no operator; mobilenetv4_conv_medium and _large run"
            )
        }
        if name.hasPrefix("mobilenetv4_") {
            throw ModelError(
                .unsupported, file: config.file, "architecture \(shown(name)) is not supported, expected \(MobileNetV4.names.joined(separator: ", "))")
        }
        if name.hasPrefix("mobilenetv2_") {
            throw ModelError(
                .unsupported, file: config.file, "architecture \(shown(name)) is not supported, expected mobilenetv2_100 or another width, _110d or _120d")
        }
        throw ModelError(.unsupported, file: config.file, "timm architecture \(shown(name)) is not supported, expected mobilenetv4_* or mobilenetv2_*")
    }

    private func transformers(_ modelType: String) throws(ModelError) -> any Architecture {
        switch modelType {
        case "deimv2": return try deimv2()
        case "tcmonodepth": return try tcMonoDepth()
        case "deformable_detr": return try deformableDETR()
        case "depth_anything": return DepthAnything(options: try depthAnythingOptions())
        case "lraspp": return try lraspp()
        case "mobilenet_v2": return try mobileNetV2()
        default:
            let known = ["deformable_detr", "deimv2", "depth_anything", "lraspp", "mobilenet_v2", "moat", "tcmonodepth"].joined(separator: ", ")
            let code = config.value("auto_map") == nil ? "" : " and comes with a program of its own (auto_map), which Opsin never runs"
            throw ModelError(.unsupported, file: config.file, "model_type \"\(shown(modelType))\" is not supported\(code), expected one of \(known)")
        }
    }

    /// transformers' MobileNetV2 with the head that `architectures` names: a classifier, or DeepLabV3.
    private func mobileNetV2() throws(ModelError) -> any Architecture {
        let heads = ["MobileNetV2ForImageClassification", "MobileNetV2ForSemanticSegmentation"]
        let head = config.value("architectures")?.array?.first?.string ?? heads[0]
        guard heads.contains(head) else {
            throw ModelError(.unsupported, file: config.file, "\(shown(head)) is not supported, expected \(heads.joined(separator: " or "))")
        }
        let options = try mobileNetV2Options(), classCount = try classCount()
        let side = try config.int("image_size", in: 1...Network.maximumSide) ?? 224
        let size = InputSize(height: side, width: side)
        if head == heads[0] { return MobileNetV2TF(options: options, classCount: classCount, inputSize: size) }
        return DeepLabV3(options: options, classCount: classCount, inputSize: size)
    }

    /// The values that transformers' `MobileNetV2Config` holds, checked.
    package func mobileNetV2Options() throws(ModelError) -> MobileNetV2TF.Options {
        var options = MobileNetV2TF.Options()
        if let channels = try config.int("num_channels", in: 1...1024), channels != 3 {
            throw ModelError(.unsupported, file: config.file, "num_channels is \(channels), only 3 is supported")
        }
        options.depthMultiplier = try config.double("depth_multiplier", in: 0.01...16) ?? options.depthMultiplier
        options.depthDivisibleBy = try config.int("depth_divisible_by", in: 1...1024) ?? options.depthDivisibleBy
        options.minimumDepth = try config.int("min_depth", in: 1...4096) ?? options.minimumDepth
        options.expandRatio = try config.double("expand_ratio", in: 0.01...64) ?? options.expandRatio
        if let stride = try config.int("output_stride", in: 8...32) {
            guard [8, 16, 32].contains(stride) else { throw config.wrong("output_stride", .integer(stride), "8, 16 or 32") }
            options.outputStride = stride
        }
        options.firstLayerIsExpansion = try config.bool("first_layer_is_expansion") ?? options.firstLayerIsExpansion
        options.finegrainedOutput = try config.bool("finegrained_output") ?? options.finegrainedOutput
        options.tfPadding = try config.bool("tf_padding") ?? options.tfPadding
        options.layerNormEpsilon = try config.double("layer_norm_eps", in: 0...1) ?? options.layerNormEpsilon
        if let name = try config.string("hidden_act") {
            guard let function = ActivationFunction(transformers: name) else {
                throw ModelError(.unsupported, file: config.file, "hidden_act \"\(shown(name, limit: 30))\" is not supported")
            }
            options.hiddenActivation = function
        }
        return options
    }

    /// `[3, h, w]` of timm's `pretrained_cfg`; nil when it says nothing.
    func timmInputSize(_ pretrained: Config) throws(ModelError) -> InputSize? {
        guard let value = pretrained.value("input_size") else { return nil }
        guard let numbers = value.array, numbers.count == 3, let channels = numbers[0].int, let height = numbers[1].int, let width = numbers[2].int else {
            throw pretrained.wrong("input_size", value, "three integers: channels, height, width")
        }
        guard channels == 3 else { throw ModelError(.unsupported, file: config.file, "the model takes \(channels) channels, only 3 are supported") }
        let sides = 1...Network.maximumSide
        guard sides.contains(height), sides.contains(width) else {
            throw ModelError(.config, file: config.file, "pretrained_cfg.input_size is \(height)x\(width), expected sides of 1 to \(Network.maximumSide)")
        }
        return InputSize(height: height, width: width)
    }
}

extension ActivationFunction {
    /// The function that transformers calls `name` in `ACT2FN`; nil for one that Opsin does not have.
    init?(transformers name: String) {
        switch name {
        case "relu": self = .relu
        case "relu6": self = .relu6
        case "gelu": self = .gelu
        case "silu", "swish": self = .silu
        case "sigmoid": self = .sigmoid
        case "tanh": self = .tanh
        case "linear": self = .identity
        default: return nil
        }
    }
}

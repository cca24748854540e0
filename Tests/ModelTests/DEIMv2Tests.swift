import OpsinModels
import OracleSupport
import Testing

/// What a configuration of DEIMv2 may say, and what is said when it says something else.
@Suite struct DEIMv2Tests {
    static let models = File.join(OracleCase.resources, "../../Models")

    /// The shipped folder's configuration with one value changed, in a folder of its own.
    func architecture(_ key: String, _ value: String) throws -> any Architecture {
        let folder = try TemporaryFolder()
        let source = File.join(Self.models, "deimv2_hgnetv2_atto_coco")
        let config = try File.json(File.join(source, "config.json"))
        let changed = try JSON(parsing: value)
        var members = config.members ?? []
        if key.hasPrefix("backbone_config.") {
            let inner = String(key.dropFirst("backbone_config.".count))
            let backbone = (config["backbone_config"]?.members ?? []).filter { $0.name != inner } + [JSON.Member(inner, changed)]
            members = members.filter { $0.name != "backbone_config" } + [JSON.Member("backbone_config", .object(backbone))]
        } else {
            members = members.filter { $0.name != key } + [JSON.Member(key, changed)]
        }
        try folder.write(JSON.object(members).text, to: "config.json")
        return try ModelFolder(path: folder.path).architecture()
    }

    @Test func theShippedFolderIsADetectorOf80Classes() throws {
        let folder = try ModelFolder(path: File.join(Self.models, "deimv2_hgnetv2_atto_coco"))
        let network = try folder.network()
        #expect(network.architecture.task == .detect && network.architecture.classCount == 80)
        #expect(network.architecture.inputSize == InputSize(height: 320, width: 320) && network.architecture.objectThreshold == 0.4)
        let labels = try folder.labels()
        #expect(labels.count == 80 && labels[0] == "person" && labels[15] == "cat" && labels[79] == "toothbrush")
    }

    /// Names are what transformers calls its defaults; a larger sibling's values are taken.
    @Test(arguments: [("encoder_type", "\"hybrid\""), ("use_gateway", "true"), ("eval_idx", "0"), ("decoder_n_points", "6"), ("depth_mult", "1.0")])
    func otherMembersAreConfigurations(_ key: String, _ value: String) throws { #expect(try architecture(key, value).name == "deimv2") }

    @Test(arguments: [
        ("encoder_type", "\"dense\"", "encoder_type \"dense\" is not supported"), ("encoder_fuse_op", "\"cat\"", "encoder_fuse_op \"cat\""),
        ("encoder_hidden_dim", "66", "encoder_hidden_dim is 66"), ("d_model", "63", "d_model is 63"), ("d_model", "-4", "d_model is -4"),
        ("decoder_n_points", "[4, 2, 1]", "decoder_n_points has 3 numbers"), ("decoder_n_points", "[4, 0]", "decoder_n_points is an array"),
        ("eval_idx", "3", "eval_idx is 3"), ("max_num_bins", "7", "max_num_bins is 7"), ("decoder_method", "\"discrete\"", "decoder_method"),
        ("decoder_offset_scale", "0.25", "decoder_offset_scale"), ("hidden_expansion", "0.01", "leaves no channel"), ("reg_scale", "0", "reg_scale is 0"),
        ("head_activation_function", "\"mish\"", "head_activation_function \"mish\""), ("decoder_layers", "1e9", "decoder_layers is"),
        ("backbone_config.model_type", "\"dinov3_vit\"", "\"dinov3_vit\" is not supported"),
        ("backbone_config.stem_channels", "[3, 16]", "stem_channels [3, 16]"), ("backbone_config.stage_out_channels", "[64]", "stage_out_channels has 1"),
        ("backbone_config.stage_kernel_size", "[3, 3, 4]", "stage_kernel_size"), ("backbone_config.stage_light_block", "[0, 0, 1]", "stage_light_block is"),
        ("backbone_config.out_features", "[\"stage9\"]", "out_features is"), ("backbone_config", "5", "backbone_config is 5"),
    ])
    func whatDoesNotFitIsNamed(_ key: String, _ value: String, _ complaint: String) {
        #expect { _ = try architecture(key, value) } throws: { "\($0)".contains(complaint) }
    }

    /// A configuration that contradicts the weights, tensor by tensor.
    @Test(arguments: [("d_model", "128"), ("decoder_layers", "4"), ("use_gateway", "true"), ("max_num_bins", "16")])
    func weightsOfAnotherMemberAreRefused(_ key: String, _ value: String) throws {
        let weights = try ModelFolder(path: File.join(Self.models, "deimv2_hgnetv2_atto_coco")).weights()
        let changed = try architecture(key, value)
        #expect(throws: ModelError.self) { try Network(changed, weights: weights) }
    }
}

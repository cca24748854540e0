import OpsinModels
import OracleSupport
import Testing

@Suite struct ModelFolderTests {
    private func architecture(_ config: String) throws -> any Architecture {
        let folder = try TemporaryFolder()
        try folder.write(config, to: "config.json")
        return try ModelFolder(path: folder.path).architecture()
    }

    /// A configuration, and what the one line says about it.
    @Test(arguments: [
        (#"{"model_type": "mobilenet_v2", "image_size": -5, "depth_multiplier": 1e308}"#, "depth_multiplier is 1e+308, expected a number of 0.01 to 16.0"),
        (#"{"model_type": "mobilenet_v2", "image_size": -5}"#, "image_size is -5, expected an integer of 1 to 8192"),
        (#"{"model_type": "mobilenet_v2", "image_size": 1e300}"#, "image_size is 1e+300"),
        (#"{"model_type": "mobilenet_v2", "depth_divisible_by": 0}"#, "depth_divisible_by is 0"),
        (#"{"model_type": "mobilenet_v2", "depth_divisible_by": 9223372036854775807}"#, "depth_divisible_by is 9223372036854775807"),
        (#"{"model_type": "mobilenet_v2", "min_depth": -1}"#, "min_depth is -1"),
        (#"{"model_type": "mobilenet_v2", "output_stride": 12}"#, "output_stride is 12, expected 8, 16 or 32"),
        (#"{"model_type": "mobilenet_v2", "tf_padding": "yes"}"#, "tf_padding is \"yes\", expected true or false"),
        (#"{"model_type": "mobilenet_v2", "layer_norm_eps": -1}"#, "layer_norm_eps is -1"),
        (#"{"model_type": "mobilenet_v2", "hidden_act": "warp"}"#, "hidden_act \"warp\" is not supported"),
        (#"{"model_type": "mobilenet_v2", "num_channels": 4}"#, "num_channels is 4, only 3"),
        (#"{"model_type": "mobilenet_v2", "num_labels": 1000000000}"#, "num_labels is 1000000000"),
        (#"{"model_type": "mobilenet_v2", "id2label": []}"#, "id2label is an array of 0"),
        (#"{"model_type": "mobilenet_v2", "id2label": {}}"#, "id2label is an object"),
        (#"{"model_type": "warp_drive"}"#, "model_type \"warp_drive\" is not supported"),
        (#"{"model_type": 7}"#, "model_type is 7, expected a string"),
        (#"{"architecture": "mobilenetv4_conv_small", "num_classes": 1000000000}"#, "num_classes is 1000000000"),
        (#"{"architecture": "mobilenetv4_conv_small", "num_classes": 0}"#, "without a classifier"),
        (#"{"architecture": "mobilenetv4_conv_small", "num_classes": 10.5}"#, "num_classes is 10.5"),
        (#"{"architecture": "mobilenetv4_conv_small", "global_pool": "max"}"#, "global_pool is \"max\""),
        (#"{"architecture": "mobilenetv4_conv_small", "pretrained_cfg": 3}"#, "pretrained_cfg is 3, expected an object"),
        (#"{"architecture": "mobilenetv4_conv_small", "pretrained_cfg": {"input_size": [3, -1, 5]}}"#, "input_size is -1x5"),
        (#"{"architecture": "mobilenetv4_conv_small", "pretrained_cfg": {"input_size": [1, 224, 224]}}"#, "takes 1 channels"),
        (#"{"architecture": "mobilenetv4_conv_small", "pretrained_cfg": {"input_size": 224}}"#, "pretrained_cfg.input_size is 224, expected three integers"),
        (#"{"architecture": "mobilenetv4_conv_aa_medium.e500"}"#, "mobilenetv4_conv_aa_medium is not supported: its antialiased downsampling"),
        (#"{"architecture": "mobilenetv4_conv_blur_medium"}"#, "mobilenetv4_conv_blur_medium is not supported"),
        (#"{"architecture": "mobilenetv4_warp"}"#, "mobilenetv4_warp is not supported, expected mobilenetv4_conv_small"),
        (#"{"architecture": "mobilenetv2_10"}"#, "mobilenetv2_10 is not supported"),
        (#"{"architecture": "resnet50"}"#, "timm architecture resnet50 is not supported"),
        (#"{}"#, "neither \"architecture\" (timm) nor \"model_type\""),
        (#"[]"#, "is no JSON object"),
        (#"{"#, "not JSON at byte 1"),
    ])
    func refuses(_ config: String, says: String) throws {
        let text = try #require(message { _ = try architecture(config) })
        #expect(text.contains(says) && text.contains("config.json: ") && !text.contains("\n") && text.utf8.count <= 500, "\(text)")
    }

    @Test func tagsAreIgnored() throws {
        let network = try architecture(#"{"architecture": "mobilenetv4_conv_small.e2400_r224_in1k"}"#)
        #expect(network.name == "mobilenetv4_conv_small" && network.classCount == 1000 && network.inputSize == InputSize(height: 224, width: 224))
        let wide = try architecture(#"{"architecture": "mobilenetv2_140.ra_in1k", "num_classes": 21843, "pretrained_cfg": {"input_size": [3, 192, 256]}}"#)
        #expect(wide.name == "mobilenetv2_140" && wide.classCount == 21843 && wide.inputSize == InputSize(height: 192, width: 256))
    }

    @Test func configurationIsEnoughToOpen() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"model_type": "deformable_detr"}"#, to: "config.json")
        try folder.write(#"{"do_resize": true}"#, to: "preprocessor_config.json")
        let model = try ModelFolder(path: folder.path)
        #expect(model.format == .transformers(modelType: "deformable_detr"))
        #expect(try model.preprocessor?.bool("do_resize") == true)
    }

    @Test func pickledWeightsAreRefusedWithAdvice() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"architecture": "mobilenetv4_conv_small"}"#, to: "config.json")
        let model = try ModelFolder(path: folder.path)
        #expect(message { _ = try model.network() } == "\(folder.path): holds no weights, expected model.safetensors")
        try folder.write("", to: "pytorch_model.bin")
        let text = try #require(message { _ = try model.network() })
        #expect(text.contains("holds pytorch_model.bin but no model.safetensors") && text.contains("safetensors.torch.save_file"))
    }

    @Test func whatIsNoFolderIsRefused() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("x", to: "photo.jpg")
        #expect(message { _ = try ModelFolder(path: folder.path + "/nowhere") }?.contains("no such file or folder") == true)
        #expect(message { _ = try ModelFolder(path: file) }?.contains("is no model") == true)
        #expect(message { _ = try ModelFolder(path: folder.path) }?.contains("holds no config.json") == true)
    }

    @Test func aWeightFileOpensWithTheConfigurationBesideIt() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"architecture": "mobilenetv4_conv_small"}"#, to: "config.json")
        let file = try folder.write(safetensors("{}", dataCount: 0), to: "ema.safetensors")
        #expect(try ModelFolder(path: file).weightFiles() == [file])
        // The only safetensors file of the folder counts too; of two, the caller must choose.
        #expect(try ModelFolder(path: folder.path).weightFiles() == [file])
        try folder.write(safetensors("{}", dataCount: 0), to: "other.safetensors")
        #expect(message { _ = try ModelFolder(path: folder.path).weightFiles() }?.contains("2 safetensors files") == true)
    }

    // MARK: labels

    private func labels(_ config: String) throws -> [String] {
        let folder = try TemporaryFolder()
        try folder.write(config, to: "config.json")
        return try ModelFolder(path: folder.path).labels()
    }

    @Test func imageNetNamesAreBuiltIn() throws {
        #expect(ImageNetLabels.all.count == 1001)
        let thousand = try labels(#"{"architecture": "mobilenetv4_conv_small", "num_classes": 1000}"#)
        #expect(thousand.count == 1000 && thousand[0] == "tench, Tinca tinca" && thousand[285] == "Egyptian cat" && thousand[999].hasPrefix("toilet tissue"))
        let more = try labels(#"{"architecture": "mobilenetv4_conv_small", "num_classes": 1001}"#)
        #expect(more.count == 1001 && more[0] == "background" && more[286] == "Egyptian cat")
        #expect(try labels(#"{"architecture": "mobilenetv4_conv_small", "num_classes": 3}"#) == ["class 0", "class 1", "class 2"])
    }

    /// Every form that timm has written, and transformers'.
    @Test(arguments: [
        #"{"architecture": "x", "num_classes": 2, "label_names": ["cat", "dog"]}"#,
        #"{"architecture": "x", "num_classes": 2, "labels": ["cat", "dog"]}"#,
        #"{"architecture": "x", "num_classes": 2, "label_names": {"1": "dog", "0": "cat"}}"#,
        #"{"architecture": "x", "num_classes": 2, "label_names": ["n1", "n2"], "label_descriptions": {"n1": "cat", "n2": "dog"}}"#,
        #"{"architecture": "x", "num_classes": 2, "pretrained_cfg": {"label_names": ["n1", "dog"], "label_descriptions": {"n1": "cat"}}}"#,
        #"{"architecture": "x", "num_classes": 2, "label_descriptions": ["cat", "dog"]}"#,
        #"{"model_type": "x", "id2label": {"1": "dog", "0": "cat"}}"#,
    ])
    func formsOfLabels(_ config: String) throws {
        #expect(try labels(config) == ["cat", "dog"])
    }

    @Test(arguments: [
        (#"{"architecture": "x", "num_classes": 2, "label_names": ["cat"]}"#, "label_names is an array of 1, expected 2 names"),
        (#"{"architecture": "x", "num_classes": 2, "label_names": ["cat", 5]}"#, "label_names[1] is 5"),
        (#"{"architecture": "x", "num_classes": 2, "label_names": {"7": "cat"}}"#, "label_names names class \"7\", expected numbers of 0 to 1"),
        (#"{"model_type": "x", "id2label": {"0": "cat", "99999999999999999999": "dog"}}"#, "id2label names class"),
        (#"{"model_type": "x", "id2label": {"0": null}}"#, "id2label.0 is null"),
    ])
    func refusesLabelsThatDoNotFit(_ config: String, says: String) throws {
        #expect(try #require(message { _ = try labels(config) }).contains(says))
    }

    @Test func everyCaseHasLabels() throws {
        for name in OracleCase.inRepository {
            let folder = try OracleCase(name).modelFolder()
            #expect(try folder.labels().count == folder.classCount())
        }
    }
}

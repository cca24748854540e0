import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

@Suite struct DepthAnythingTests {
    /// The published configurations: hidden size, layers, heads, feature layers, neck, fusion.
    static func published(_ size: String) -> DepthAnything.Options {
        var options = DepthAnything.Options()
        options.backbone.imageSide = 518
        switch size {
        case "small":
            (options.backbone.hiddenSize, options.backbone.heads, options.backbone.featureLayers) = (384, 6, [3, 6, 9, 12])
        case "base":
            (options.backbone.hiddenSize, options.backbone.heads, options.backbone.featureLayers) = (768, 12, [3, 6, 9, 12])
            (options.neckChannels, options.fusionChannels) = ([96, 192, 384, 768], 128)
        default:
            (options.backbone.hiddenSize, options.backbone.heads, options.backbone.featureLayers) = (1024, 16, [5, 12, 18, 24])
            (options.backbone.layers, options.neckChannels, options.fusionChannels) = (24, [256, 512, 1024, 1024], 256)
        }
        return options
    }

    /// `sum(p.numel() for p in DepthAnythingForDepthEstimation(config).parameters())` of transformers 5.23.
    @Test(arguments: [("small", 24_785_089), ("base", 97_470_785), ("large", 335_315_649)])
    func parameterCount(_ size: String, count: Int) throws {
        var options = Self.published(size)
        let relative = try Network(DepthAnything(options: options), weights: .madeUp)
        #expect(relative.parameterCount == count && relative.architecture.name == "depth_anything_\(size)")
        options.isMetric = true
        options.maximumDepth = 80
        let metric = try Network(DepthAnything(options: options), weights: .madeUp)
        #expect(metric.parameterCount == count && metric.architecture.name == "depth_anything_\(size)_metric")
    }

    @Test(arguments: [(14, 14), (518, 518), (350, 518), (28, 1022)])
    func buildsAtEveryMultipleOfThePatch(_ height: Int, _ width: Int) throws {
        let graph = try Network(DepthAnything(options: Self.published("small")), weights: .madeUp).graph(batch: 2, height: height, width: width)
        #expect(graph.outputs.map(\.name) == ["predicted_depth"])
        #expect(graph.outputs[0].value.shape == (try Shape(n: 2, h: height, w: width, c: 1)))
        #expect(graph.endpoints.map(\.name) == [3, 6, 9, 12].map { "backbone.stage\($0)" })
        #expect(graph.endpoints[0].value.shape == (try Shape(n: 2, h: height / 14, w: width / 14, c: 384)))
        // No op holds the scores of all pairs of tokens.
        #expect(!graph.nodes.contains { ["MatMul", "Softmax"].contains($0.op.name) })
    }

    @Test func aSizeThatIsNoMultipleIsRefused() throws {
        let network = try Network(DepthAnything(options: Self.published("small")), weights: .madeUp)
        #expect(
            message { _ = try network.graph(batch: 1, height: 350, width: 515) }
                == "depth_anything_small: an input of 350x515, expected sides that are multiples of 14")
    }

    /// The table of another size: bicubic weights add up to one, so a constant table stays what it is; the trained size keeps its bits.
    @Test func thePositionTableIsResized() throws {
        var options = DepthAnything.Options()
        (options.backbone.hiddenSize, options.backbone.heads, options.backbone.layers, options.backbone.imageSide) = (32, 1, 1, 28)
        (options.backbone.featureLayers, options.neckChannels, options.neckFactors, options.headIndex) = ([1], [8], [1], 0)
        let table = (0..<160).map { (i: Int) -> Float in Float(i / 32 * 10 + i % 32) }
        let constant = try #require(Constant(name: "backbone.embeddings.position_embeddings", dimensions: [1, 5, 32], values: table))
        var builder = NetworkBuilder(WeightSource(name: "test", constants: [constant]))
        let x = builder.graph.input("x", shape: try Shape(n: 1, h: 28, w: 28, c: 3))
        try DepthAnything(options: options).build(&builder, x)
        let positions = try #require(builder.graph.constants.first { $0.constant.name.hasSuffix("position_embeddings") })
        #expect(positions.constant.floats() == Array(table[32...]))
        var wide = NetworkBuilder(WeightSource(name: "test", constants: [constant]))
        let large = wide.graph.input("x", shape: try Shape(n: 1, h: 42, w: 70, c: 3))
        try DepthAnything(options: options).build(&wide, large)
        let resized = try #require(wide.graph.constants.first { $0.constant.name.hasSuffix("position_embeddings") }).constant.floats()
        // torch.nn.functional.interpolate(torch.tensor([[[[10., 20.], [30., 40.]]]]), size=(3, 5), mode="bicubic")
        let expected: [Float] = [
            7.1614, 9.0839, 13.2639, 17.4439, 19.3664, 18.8975, 20.82, 25, 29.18, 31.1025, 30.6336, 32.5561, 36.7361, 40.9161, 42.8386,
        ]
        #expect(zip(stride(from: 0, to: resized.count, by: 32), expected).allSatisfy { abs(resized[$0] - $1) < 1e-3 })
    }

    @Test func metricNetworksSaySo() throws {
        var options = Self.published("small")
        #expect(DepthAnything(options: options).depthKind == .relativeInverse)
        options.isMetric = true
        #expect(DepthAnything(options: options).depthKind == .metric)
    }

    @Test func theCaseOpens() throws {
        let oracle = try OracleCase("depth_anything_tiny"), network = try oracle.network()
        #expect(network.parameterCount == oracle.description["parameters"]?.int)
        #expect(network.architecture.task == .depth && network.architecture.inputSize == InputSize(height: 98, width: 98))
    }

    @Test(arguments: [
        (#""backbone_config": {"model_type": "dinov2_with_registers"}"#, #"backbone_config.model_type "dinov2_with_registers" is not supported"#),
        (#""backbone_config": {"use_swiglu_ffn": true}"#, "use_swiglu_ffn is true"),
        (#""backbone": "vit_small_patch14_dinov2""#, #"backbone "vit_small_patch14_dinov2" without a backbone_config"#),
        (#""backbone_config": {"hidden_size": 384, "num_attention_heads": 7}"#, "num_attention_heads is 7"),
        (#""backbone_config": {"hidden_size": 384, "num_attention_heads": 6, "out_indices": [3, 6, 9, 13]}"#, "out_indices"),
        (#""backbone_config": {"hidden_size": 384, "num_attention_heads": 6, "out_features": ["stage3", "block6"]}"#, "out_features"),
        (#""backbone_config": {"hidden_size": 384, "num_attention_heads": 6, "out_indices": [3, 6]}"#, "neck_hidden_sizes has 4 numbers"),
        (#""backbone_config": {"hidden_size": 384, "num_attention_heads": 6, "image_size": 520}"#, "image_size is 520"),
        (#""reassemble_hidden_size": 768"#, "reassemble_hidden_size is 768, expected the backbone's 384"),
        (#""reassemble_factors": [4, 2, 1, 0.3]"#, "reassemble_factors is an array of 4"), (#""patch_size": 16"#, "patch_size is 16"),
        (#""depth_estimation_type": "disparity""#, #"depth_estimation_type is "disparity""#), (#""head_in_index": 4"#, "head_in_index is 4"),
        (#""architectures": ["PromptDepthAnythingForDepthEstimation"]"#, "PromptDepthAnythingForDepthEstimation is not supported"),
        (#""max_depth": 0"#, "max_depth is 0"),
    ])
    func refusesConfigurations(_ members: String, expected: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"model_type": "depth_anything", "# + members + "}", to: "config.json")
        let found = message { _ = try ModelFolder(path: folder.path).architecture() }
        #expect(found?.contains(expected) == true, "\(found ?? "nothing")")
    }

    /// The publishers' own repositories: pickled weights without a configuration, or a configuration that names a program.
    @Test func foldersOfOtherFormsSayWhatToTake() throws {
        let folder = try TemporaryFolder()
        try folder.write("PK", to: "depth_anything_v2_vits.pth")
        let pickled = message { _ = try ModelFolder(path: folder.path) }
        #expect(pickled?.contains("holds depth_anything_v2_vits.pth but no config.json") == true && pickled?.contains("-hf") == true)
        try folder.write(#"{"model_type": "depthpro_x", "auto_map": {"AutoModel": "modeling.Net"}}"#, to: "config.json")
        #expect(message { _ = try ModelFolder(path: folder.path).architecture() }?.contains("a program of its own (auto_map)") == true)
        try folder.write(#"{"model_type": "depth_anything"}"#, to: "config.json")
        #expect(message { _ = try ModelFolder(path: folder.path).network() }?.contains("holds depth_anything_v2_vits.pth but no model.safetensors") == true)
    }

    /// The first version's folders name no backbone at all, or features by name.
    @Test func defaultsAreTheReferences() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"model_type": "depth_anything"}"#, to: "config.json")
        let options = try ModelFolder(path: folder.path).depthAnythingOptions()
        #expect(options.backbone.featureLayers == [9, 10, 11, 12] && options.backbone.hiddenSize == 384 && options.headIndex == 3)
        try folder.write(
            #"{"model_type": "depth_anything", "backbone_config": {"hidden_size": 384, "num_attention_heads": 6, "image_size": 518, "#
                + #""out_features": ["stage3", "stage6", "stage9", "stage12"]}, "depth_estimation_type": "metric", "max_depth": 80}"#, to: "config.json")
        let metric = try ModelFolder(path: folder.path).depthAnythingOptions()
        #expect(metric.backbone.featureLayers == [3, 6, 9, 12] && metric.isMetric && metric.maximumDepth == 80)
    }
}

import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

@Suite struct DeepLabV3Tests {
    /// MODELS.md 3.3: 2.114 M; the sum over the published folder's parameters without the classifier's `conv_1x1` is this.
    @Test func parameterCountOfWidthOne() throws {
        #expect(try Network(DeepLabV3(options: .init(), classCount: 21), weights: .madeUp).parameterCount == 2_113_557)
    }

    /// The head keeps its 256 channels at every width, and a classifier of any number of labels follows it.
    @Test(arguments: [0.35, 0.5, 1.4], [1, 2, 150])
    func everyWidthAndLabelSet(_ width: Double, _ classes: Int) throws {
        var options = MobileNetV2TF.Options()
        (options.depthMultiplier, options.outputStride) = (width, 16)
        let network = try Network(DeepLabV3(options: options, classCount: classes), weights: .madeUp)
        for (height, width) in [(513, 513), (33, 257), (1, 1)] {
            let graph = try network.graph(batch: 2, height: height, width: width)
            let expected = try Shape(n: 2, h: (height + 15) / 16, w: (width + 15) / 16, c: classes)
            #expect(graph.outputs.map(\.value.shape) == [expected] && graph.outputs[0].layout == .nchw)
        }
    }

    @Test(arguments: ["deeplabv3_mobilenet_v2_os16", "deeplabv3_mobilenet_v2_os8"])
    func theCaseOpens(_ name: String) throws {
        let oracle = try OracleCase(name)
        let network = try oracle.network()
        #expect(network.architecture.task == .segment && network.architecture.inputSize == InputSize(height: 513, width: 513))
        let graph = try network.graph(batch: 1, height: 513, width: 513), logits = try #require(try oracle.expected()["logits"])
        #expect(graph.outputs.map(\.name) == ["logits"])
        #expect(graph.outputs[0].layout.dimensions(of: graph.outputs[0].value.shape) == logits.dimensions)
        #expect(try oracle.modelFolder().labels().count == 21)
    }

    /// The classifier's last convolution may be in the file; anything else that no layer takes is an error.
    @Test func weightsThatNoLayerTakesAreNamed() throws {
        let oracle = try OracleCase("deeplabv3_mobilenet_v2_os16")
        let constants = try oracle.constants().filter { !$0.name.hasPrefix("mobilenet_v2.conv_1x1.") }
        let architecture = try oracle.modelFolder().architecture()
        _ = try Network(architecture, weights: WeightSource(name: "without", constants: constants))
        let stray = try #require(Constant(name: "segmentation_head.conv_aspp_2.convolution.weight", dimensions: [1], values: [0]))
        let error = #expect(throws: ModelError.self) { try Network(architecture, weights: WeightSource(name: "with", constants: constants + [stray])) }
        #expect(error?.description.contains("conv_aspp_2") ?? false)
        let few = constants.filter { $0.name != "segmentation_head.classifier.convolution.bias" }
        let missing = #expect(throws: ModelError.self) { try Network(architecture, weights: WeightSource(name: "few", constants: few)) }
        #expect(missing?.description.contains("segmentation_head.classifier.convolution.bias is missing") ?? false)
    }
}

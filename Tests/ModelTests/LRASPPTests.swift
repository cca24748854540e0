import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

@Suite struct LRASPPTests {
    /// The architecture of a folder with that configuration.
    func architecture(_ config: String) throws -> any Architecture {
        let folder = try TemporaryFolder()
        try folder.write(config, to: "config.json")
        return try ModelFolder(path: folder.path).architecture()
    }

    /// torchvision's table: 3,221,538 for `lraspp_mobilenet_v3_large` with VOC's 21 labels.
    @Test func parameterCountIsTorchvisions() throws {
        let network = try Network(architecture(#"{"model_type": "lraspp", "backbone": "mobilenet_v3_large", "num_labels": 21}"#), weights: .madeUp)
        #expect(network.parameterCount == 3_221_538)
        #expect(network.architecture.task == .segment && network.architecture.inputSize == InputSize(height: 520, width: 520))
        let logits = try network.graph(batch: 1, height: 520, width: 693).outputs[0].value.shape
        #expect(logits == (try Shape(n: 1, h: 65, w: 87, c: 21)))
    }

    @Test(arguments: ["mobilenetv4_conv_medium", "mobilenetv4_hybrid_medium", "tiny-moat-1"])
    func everyBackboneGivesAnEighth(_ backbone: String) throws {
        let config = "{\"model_type\": \"lraspp\", \"backbone\": \"\(backbone)\", \"num_labels\": 5, \"image_size\": [256, 320], \"inter_channels\": 64}"
        let network = try Network(architecture(config), weights: .madeUp)
        #expect(try network.graph(batch: 2, height: 256, width: 320).outputs.map(\.value.shape) == [Shape(n: 2, h: 32, w: 40, c: 5)])
        // The backbone's classifier is not a part of it, and neither are its outputs.
        #expect(network.architecture.name == "lraspp_\(backbone)")
    }
}

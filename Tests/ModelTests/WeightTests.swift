import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// What a user reads when weights and architecture do not fit.
@Suite struct WeightTests {
    private func error(_ constants: [Constant]) throws -> String {
        let architecture = try #require(MobileNetV4(name: "mobilenetv4_conv_small", classCount: 1000))
        return try #require(message { _ = try Network(architecture, weights: WeightSource(name: "m/model.safetensors", constants: constants)) })
    }

    private static let small = Result { try OracleCase("mobilenetv4_conv_small").constants() }

    @Test func aMissingTensorIsNamed() throws {
        let constants = try Self.small.get().filter { $0.name != "blocks.2.0.dw_mid.conv.weight" }
        #expect(try error(constants) == "m/model.safetensors: tensor blocks.2.0.dw_mid.conv.weight is missing, expected [192, 1, 5, 5]")
    }

    @Test func manyMissingTensorsAreOneLine() throws {
        let constants = try Self.small.get().filter { !$0.name.hasPrefix("blocks.3.") }
        let missing = try Self.small.get().count - constants.count
        #expect(
            try error(constants)
                == "m/model.safetensors: tensor blocks.3.0.dw_start.conv.weight is missing, expected [96, 1, 3, 3] "
                + "(and \(missing - 1) more tensors that do not fit)"
        )
    }

    @Test func aTensorOfAnotherShapeIsNamed() throws {
        var constants = try Self.small.get().filter { $0.name != "classifier.bias" }
        constants.append(try #require(Constant(name: "classifier.bias", dimensions: [10], values: [Float](repeating: 0, count: 10))))
        #expect(try error(constants) == "m/model.safetensors: tensor classifier.bias is F32 [10], expected [1000] of F32, F16 or BF16")
    }

    @Test func anUnknownTensorIsNamed() throws {
        let extra = try ["num_batches", "blocks.9.0.conv.weight"].map { try #require(Constant(name: $0, dimensions: [1, 2], values: [0, 0])) }
        #expect(
            try error(Self.small.get() + extra)
                == "m/model.safetensors: unknown tensor blocks.9.0.conv.weight F32 [1, 2], which no layer of the architecture takes "
                + "(and 1 more tensors that do not fit)"
        )
    }

    @Test func countersOfTrainingAreIgnored() throws {
        let counter = try #require(Constant(name: "bn1.num_batches_tracked", dimensions: [], values: [5]))
        let architecture = try #require(MobileNetV4(name: "mobilenetv4_conv_small", classCount: 1000))
        let network = try Network(architecture, weights: WeightSource(name: "m", constants: Self.small.get() + [counter]))
        #expect(network.parameterCount == 3_774_024)
    }

    @Test func integersAreNoWeights() throws {
        #expect(try refusal(of: .int32).contains("tensor conv_stem.weight is I32 [32, 3, 3, 3], expected [32, 3, 3, 3] of F32, F16 or BF16 (and "))
    }

    /// Whole numbers of 8 bits are, with their scales.
    @Test func bytesNeedTheirScales() throws {
        #expect(
            try refusal(of: .int8).contains(
                "tensor conv_stem.weight_scale is missing, expected F32 of one number for each of 32 outputs or for groups of them (and "))
        let five = SafetensorsWriter.Tensor(name: "conv_stem.weight_scale", dimensions: [5], values: [1, 1, 1, 1, 1])
        #expect(try refusal(of: .int8, five).contains("tensor conv_stem.weight_scale is F32 [5], expected F32 of one number"))
        let negative = SafetensorsWriter.Tensor(name: "conv_stem.weight_scale", dimensions: [2], values: [1, -1])
        #expect(try refusal(of: .int8, negative).contains("tensor conv_stem.weight_scale holds a number that is no scale, expected 1e-30 to 1e30"))
        let scales = SafetensorsWriter.Tensor(name: "conv_stem.weight_scale", dimensions: [4], values: [1, 2, 3, 4])
        #expect(try !refusal(of: .int8, scales).contains("conv_stem"), "four groups of eight")
        let correction = SafetensorsWriter.Tensor(name: "conv_stem.weight_correction", dimensions: [3], values: [1, 2, 3])
        #expect(try refusal(of: .int8, scales, correction).contains("tensor conv_stem.weight_correction is F32 [3], expected F32 [32]"))
    }

    /// What is said of a stem whose weights are integers of `type`.
    private func refusal(of type: TensorType, _ more: SafetensorsWriter.Tensor...) throws -> String {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model.safetensors", count = 864 * type.byteCount
        let stem = SafetensorsWriter.Tensor(name: "conv_stem.weight", type: type, dimensions: [32, 3, 3, 3]) { [UInt8](repeating: 1, count: count) }
        try SafetensorsWriter().write([stem] + more, to: path)
        let source = try WeightSource(name: path, files: [SafetensorsFile(path: path)])
        let architecture = try #require(MobileNetV4(name: "mobilenetv4_conv_small", classCount: 1000))
        return try #require(message { _ = try Network(architecture, weights: source) })
    }

    @Test func shardsAreOneSource() throws {
        let folder = try TemporaryFolder()
        let writer = SafetensorsWriter()
        try writer.write([SafetensorsWriter.Tensor(name: "a", dimensions: [1], values: [1])], to: folder.path + "/model-00001-of-00002.safetensors")
        try writer.write([SafetensorsWriter.Tensor(name: "b", dimensions: [2], values: [2, 3])], to: folder.path + "/model-00002-of-00002.safetensors")
        try folder.write(
            #"{"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#,
            to: "model.safetensors.index.json")
        try folder.write(#"{"architecture": "mobilenetv4_conv_small"}"#, to: "config.json")
        let model = try ModelFolder(path: folder.path)
        #expect(try model.weightFiles().count == 2)
        #expect(try model.weights().byteCount == 12)
        // The same tensor in two shards.
        try writer.write([SafetensorsWriter.Tensor(name: "a", dimensions: [1], values: [1])], to: folder.path + "/model-00002-of-00002.safetensors")
        #expect(message { _ = try model.weights() }?.contains("tensor a is in another shard too") == true)
    }

    @Test(arguments: ["../secret.safetensors", "/etc/passwd", "sub/x.safetensors", "x.bin", "..", ""])
    func shardsStayInTheFolder(_ name: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(#"{"weight_map": {"a": "\#(name)"}}"#, to: "model.safetensors.index.json")
        #expect(message { _ = try SafetensorsIndex(path: path) }?.contains("is no safetensors file of this folder") == true)
    }
}

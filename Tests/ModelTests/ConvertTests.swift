import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

@Suite struct ConvertTests {
    /// Values, and their nearest fp16 and bf16 (numpy: `np.float32(v).astype(np.float16)`; bf16 by hand: halves go to even).
    @Test func roundsToNearestHalvesToEven() throws {
        let folder = try TemporaryFolder()
        let values: [Float] = [1, 2049, 2051, 1.00390625, 1.01171875, 1e-8, 6e-8, -0.0, .infinity, .nan]
        try folder.write(#"{"architecture": "mobilenetv4_conv_small"}"#, to: "config.json")
        try folder.write("terms", to: "LICENSE")
        try folder.write("secret", to: "notes.txt")
        try SafetensorsWriter().write(
            [
                SafetensorsWriter.Tensor(name: "w", dimensions: [10], values: values),
                SafetensorsWriter.Tensor(name: "n", type: .int64, dimensions: []) { [7, 0, 0, 0, 0, 0, 0, 0] },
            ], to: folder.path + "/model.safetensors")
        let model = try ModelFolder(path: folder.path)
        let expected: [(ConstantType, [Float])] = [
            (.float16, [1, 2048, 2052, 1.00390625, 1.01171875, 0, 5.9604645e-08, -0.0, .infinity]),
            (.bfloat16, [1, 2048, 2048, 1, 1.015625, 1.0011717677e-08, 6.0070306e-08, -0.0, .infinity]),
            (.float32, Array(values.dropLast())),
        ]
        for (type, want) in expected {
            let out = folder.path + "/out/" + type.rawValue
            try model.convert(to: out, type: type)
            let file = try SafetensorsFile(path: out + "/model.safetensors")
            let weight = try #require(file.tensors.first { $0.name == "w" })
            let got = try #require(file.constant(weight)).floats()
            #expect(weight.type == TensorType(type))
            #expect(got.dropLast().map(\.bitPattern) == want.map(\.bitPattern), "\(type): \(got)")
            #expect(got.last?.isNaN == true)
            #expect(file.tensors.first { $0.name == "n" }?.type == .int64)
            #expect(try File.names(inFolder: out) == ["LICENSE", "config.json", "model.safetensors"])
        }
    }

    @Test func refusesWhatTheTypeCannotHold() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"architecture": "mobilenetv4_conv_small"}"#, to: "config.json")
        try SafetensorsWriter().write(
            [SafetensorsWriter.Tensor(name: "bn1.running_var", dimensions: [2], values: [1, 70_000])], to: folder.path + "/model.safetensors")
        let model = try ModelFolder(path: folder.path)
        let text = try #require(message { try model.convert(to: folder.path + "/half", type: .float16) })
        #expect(text.hasSuffix("tensor bn1.running_var holds 70000.0, which F16 cannot; take bf16 or f32"))
        #expect(message { try model.convert(to: folder.path + "/brain", type: .bfloat16) } == nil)
        #expect(message { try model.convert(to: folder.path, type: .float16) }?.contains("is the folder to convert") == true)
        #expect(message { try model.convert(to: folder.path + "/config.json", type: .float16) }?.contains("is a file") == true)
    }

    /// The trained MobileNetV2, halved: it opens again, and is as small as the issue asks.
    @Test(.enabled(if: OracleCase.sharedOracle != nil, "no shared folder beside the checkout"))
    func theTrainedModelHalves() throws {
        let source = File.join(File.folder(of: try #require(OracleCase.sharedOracle)), "models/mobilenet_v2_1.0_224")
        let folder = try TemporaryFolder()
        let model = try ModelFolder(path: source)
        #expect(try model.network().parameterCount == 3_504_872 + 1281)
        #expect(try model.labels()[286] == "Egyptian cat")
        try model.convert(to: folder.path + "/f16", type: .float16)
        let half = try ModelFolder(path: folder.path + "/f16").network()
        #expect(half.weights.byteCount * 2 == (try model.weights().byteCount))
        #expect(try File.map(folder.path + "/f16/model.safetensors").count < 7_300_000)
    }
}

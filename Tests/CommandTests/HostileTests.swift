import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// Bytes of numbers and of PNG chunks.
private func bigEndian(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
private func littleEndian(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) } }

private func pngChunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    var crc: UInt32 = .max
    for byte in body {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
    }
    return bigEndian(data.count) + body + bigEndian(Int(~crc))
}

/// A generator with a seed, so that a failure comes again.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension CommandTests.Hostile {
    @Test func aPNGOfTenGigapixelsIsRefusedBeforeItIsRead() throws {
        let folder = try TemporaryFolder()
        let header = pngChunk("IHDR", bigEndian(100_000) + bigEndian(100_000) + [8, 2, 0, 0, 0])
        let data = pngChunk("IDAT", [0x78, 0x9C, 0x63, 0x60, 0x40, 0x05, 0, 0, 0x0A, 0, 0x01])
        let file = try folder.write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + header + data + pngChunk("IEND", []), to: "huge.png")
        expectRefused(try opsin(["classify", file], seconds: 20), exit: 1, file, "100000 x 100000")
    }

    @Test func fortyMutantsOfAPhotoGiveAnAnswerOrOneLine() throws {
        let folder = try TemporaryFolder()
        let photo = try bytes(of: Files.cat)
        var numbers = Numbers(state: 7)
        var files: [String] = []
        for index in 0..<40 {
            var bytes = photo
            for _ in 0..<([1, 5, 50].randomElement(using: &numbers) ?? 1) {
                bytes[Int.random(in: 2..<700, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
            }
            files.append(try folder.write(bytes, to: "mutant\(index).jpg"))
        }
        // All in one run: each has its line in the output, and each that failed one on the error stream.
        let outcome = try opsin(["classify", "--json"] + files + [Files.cat])
        #expect(outcome.signal == nil && (outcome.exit ?? 9) <= 1)
        let results = try objects(outcome)
        #expect(results.count == 41 && results.last?["classes"]?.array?.first?["label"]?.string == "Egyptian cat")
        let complaints = outcome.err.split(separator: "\n")
        #expect(complaints.count == results.filter { $0["error"] != nil }.count)
        #expect(complaints.allSatisfy { $0.hasPrefix("opsin: \(folder.path)/mutant") && $0.utf8.count <= 500 })
    }

    /// The trained model's weights with a header that lies.
    @Test func weightsWithALyingHeader() throws {
        let weights = try bytes(of: Files.model + "/model.safetensors")
        let length = weights.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try #require(try JSON(parsing: String(decoding: weights[8..<8 + length], as: UTF8.self)).members?.filter { $0.name != "__metadata__" })
        let data = Array(weights.dropFirst(8 + length))
        // The first tensor of real weights: counters, which the model does not read, may come before it.
        let at = try #require(header.firstIndex { $0.value["dtype"]?.string == "F16" })
        let first = header[at]

        func file(_ members: [JSON.Member]) -> [UInt8] {
            let text = Array(JSON.object(members).text.utf8)
            return littleEndian(UInt64(text.count)) + text + data
        }
        func changed(_ key: String, _ value: JSON) -> [UInt8] {
            let members = (first.value.members ?? []).map { $0.name == key ? JSON.Member(key, value) : $0 }
            return file(header.prefix(at) + [JSON.Member(first.name, .object(members))] + header.dropFirst(at + 1))
        }
        let second = header[at + 1].value["data_offsets"] ?? .null
        let hostile: [(String, [UInt8])] = [
            ("empty", []), ("cut", Array(weights.prefix(weights.count / 2))), ("one byte short", Array(weights.dropLast())), ("one byte long", weights + [0]),
            ("length of 2^63", littleEndian(1 << 63) + Array("{}".utf8)), ("length of 2^64 - 1", littleEndian(.max) + Array("{}".utf8)),
            ("no JSON", littleEndian(4) + Array("nope".utf8)), ("an array", littleEndian(2) + Array("[]".utf8)), ("seven bytes", Array(weights.prefix(7))),
            ("negative offsets", changed("data_offsets", [-8, 8])), ("far offsets", changed("data_offsets", [0, .integer(1 << 62)])),
            ("backward offsets", changed("data_offsets", [100, 50])), ("fractions", changed("data_offsets", [0.5, 8])),
            ("one offset", changed("data_offsets", [0])),
            ("an overlap", changed("data_offsets", second)), ("a shape of 2^124", changed("shape", [.integer(1 << 62), .integer(1 << 62)])),
            ("a negative shape", changed("shape", [-1, -1001])), ("no shape", changed("shape", .null)), ("another shape", changed("shape", [1])),
            ("a dtype that is none", changed("dtype", "Q9")), ("I64 weights", changed("dtype", "I64")),
            ("missing tensors", file(Array(header.dropLast(3)))),
            ("a name of a megabyte", file([JSON.Member(String(repeating: "n\n", count: 500_000), first.value)] + header.dropFirst())),
            ("no tensors", littleEndian(2) + Array("{}".utf8)),
            ("deep", littleEndian(20_000) + [UInt8](repeating: 0x5B, count: 20_000)),
        ]
        for (name, bytes) in hostile {
            let folder = try modelFolder()
            try folder.write(bytes, to: "model.safetensors")
            let outcome = try opsin(["classify", Files.cat, "--model", folder.path], seconds: 30)
            expectRefused(outcome, exit: 3, folder.path)
            #expect(outcome.err.contains("model.safetensors") || outcome.err.contains("tensor"), "\(name): \(outcome.err)")
        }
    }

    @Test func configurationsThatMakeNoSense() throws {
        let folder = try modelFolder()
        try folder.copy(Files.model + "/model.safetensors", to: "model.safetensors")
        let deep = String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000)
        let nested = String(repeating: #"{"a":"#, count: 10_000) + "1" + String(repeating: "}", count: 10_000)
        let configurations = [
            deep, nested, "", "{", "[]", "null", "{}", "{\"model_type\": 7}", #"{"model_type": "warp_drive"}"#, #"{"model_type": "warp\ndrive\u0000"}"#,
            #"{"model_type": "mobilenet_v2", "image_size": -5, "depth_multiplier": 1e308}"#,
            #"{"model_type": "mobilenet_v2", "num_labels": 99999999999999999999}"#,
            #"{"model_type": "mobilenet_v2", "depth_multiplier": 0.35}"#, #"{"model_type": "mobilenet_v2", "model_type": "mobilenet_v2"}"#,
            #"{"architecture": "mobilenetv4_conv_small"}"#, #"{"architecture": "resnet50"}"#, "\u{FEFF}{}",
            "{\"model_type\": \"\(String(repeating: "x", count: 100_000))\"}",
        ]
        for text in configurations {
            try folder.write(text, to: "config.json")
            expectRefused(try opsin(["classify", Files.cat, "--model", folder.path], seconds: 30), exit: 3, folder.path)
        }
        try folder.write([0x7B, 0xFF, 0xFE, 0x00, 0x7D], to: "config.json")
        expectRefused(try opsin(["info", folder.path]), exit: 3, "config.json")
    }

    @Test func recipesThatMakeNoSense() throws {
        let folder = try modelFolder()
        try folder.copy(Files.model + "/model.safetensors", to: "model.safetensors")
        for text in [
            deepText, "{", "[]", #"{"size": {"shortest_edge": -1}}"#, #"{"size": {"shortest_edge": 1e300}}"#, #"{"size": {"height": 0, "width": 5}}"#,
            #"{"size": {"shortest_edge": 224}, "image_std": [0, 0, 0]}"#, #"{"size": {"shortest_edge": 224}, "image_mean": ["a"]}"#,
            #"{"size": {"shortest_edge": 224}, "resample": 99}"#, #"{"size": "large"}"#, #"{"image_processor_type": "Mobile\u007f\nNet"}"#,
            "{\"image_processor_type\": \"\(String(repeating: "x", count: 100_000))\"}",
            #"{"crop_size": {"height": 4611686018427387904, "width": 4611686018427387904}}"#,
        ] {
            try folder.write(text, to: "preprocessor_config.json")
            let outcome = try opsin(["preprocess", folder.path, "--image", Files.cat, "--output", folder.file("out.safetensors")], seconds: 30)
            expectRefused(outcome, exit: 3, folder.path)
        }
    }

    private var deepText: String { String(repeating: "[", count: 10_000) }

    @Test func foldersThatLackSomething() throws {
        let folder = try modelFolder()
        expectRefused(try opsin(["classify", Files.cat, "--model", folder.path]), exit: 3, folder.path, "holds no weights, expected model.safetensors")
        try folder.write("pickle", to: "pytorch_model.bin")
        expectRefused(try opsin(["classify", Files.cat, "--model", folder.path]), exit: 3, "pytorch_model.bin")
        _ = try folder.makeFolder("model.safetensors")
        expectRefused(try opsin(["classify", Files.cat, "--model", folder.path]), exit: 3, "model.safetensors")
        let empty = try TemporaryFolder()
        expectRefused(try opsin(["classify", Files.cat, "--model", empty.path]), exit: 3, empty.path, "holds no config.json")
        // A stub of Git LFS instead of weights says what to do.
        let stub = try modelFolder()
        try stub.write("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", to: "model.safetensors")
        expectRefused(try opsin(["info", stub.path]), exit: 3, "model.safetensors", "LFS")
    }

    @Test func missingTensorsAreCounted() throws {
        let (oracle, _) = try OracleFolders.convSmall.get()
        let folder = try TemporaryFolder()
        try oracle.write(to: folder.path)
        let constants = try oracle.constants().sorted { $0.name < $1.name }
        let kept = constants.dropFirst(3).map { SafetensorsWriter.Tensor(name: $0.name, dimensions: $0.dimensions, values: $0.floats()) }
        try SafetensorsWriter().write(Array(kept), to: folder.file("model.safetensors"))
        let outcome = try opsin(["info", folder.path])
        expectRefused(outcome, exit: 3, "2 more")
        #expect(constants.prefix(3).contains { outcome.err.contains($0.name) })
    }

    /// The trained model's folder without its weights.
    private func modelFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in ["config.json", "preprocessor_config.json"] { try folder.copy(Files.model + "/" + name, to: name) }
        return folder
    }
}

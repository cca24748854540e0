import OpsinGraph
import OpsinModels
import Testing

/// Bytes that go wrong in every way: the readers answer or throw, and never trap.
@Suite struct FuzzTests {
    /// A generator with a seed (splitmix64), so that a failure comes again.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// A few bytes replaced, removed, doubled, or swapped for a piece that means something to a parser.
    func mutated(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
        let pieces = [
            "{", "}", "[", "]", ":", ",", "\"", "\\u", "\\ud800", "-", "1e999", "9223372036854775807", "-1", "0.5", "null", "\u{0}", "4611686018427387904",
        ]
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(bytes[at], at: at)
            case 3:
                bytes.replaceSubrange(
                    at..<min(at + Int.random(in: 0...12, using: &random), bytes.count), with: Array(pieces.randomElement(using: &random)?.utf8 ?? "".utf8))
            default: bytes.removeLast(Int.random(in: 0...min(8, bytes.count), using: &random))
            }
        }
        return bytes
    }

    @Test func threeThousandSafetensorsFiles() {
        let header =
            #"{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#
            + #""b":{"dtype":"F16","shape":[4],"data_offsets":[24,32]},"n":{"dtype":"I64","shape":[],"data_offsets":[32,40]}}"#
        let whole = safetensors(header, dataCount: 40)
        var random = Seeded(state: 1)
        var read = 0
        for round in 0..<3000 {
            // Most mutations in the header with its length kept right, some anywhere.
            let bytes =
                round % 4 == 0
                ? mutated(whole, &random)
                : safetensors(String(decoding: mutated(Array(header.utf8), &random), as: UTF8.self), dataCount: 40)
            guard let file = try? SafetensorsFile(storage: storage(bytes), path: "x") else { continue }
            read += 1
            for entry in file.tensors { _ = file.constant(entry)?.floats() }
        }
        #expect(read > 0 && read < 3000)
    }

    @Test func threeThousandJSONTexts() {
        let text = #"{"model_type":"mobilenet_v2","depth_multiplier":1.0,"id2label":{"0":"a\u00e9\ud83d\ude00","1":"b"},"x":[1,-2.5e3,true,null,{"y":[]}]}"#
        var random = Seeded(state: 2)
        var read = 0
        for _ in 0..<3000 {
            let bytes = mutated(Array(text.utf8), &random)
            guard let json = try? JSON(parsing: bytes.span) else { continue }
            read += 1
            // What is written is what was read.
            #expect((try? JSON(parsing: json.text)) == json)
            #expect((try? JSON(parsing: json.prettyText)) == json)
        }
        #expect(read > 0 && read < 3000)
    }

    @Test func threeHundredConfigurations() throws {
        let values = [
            "-1", "0", "1", "2", "7", "8", "16", "32", "224", "1000", "8192", "9223372036854775807", "-9223372036854775808", "0.01", "0.35", "1.4", "16.0",
            "1e-308", "1e308", "true", "false", "null", "\"relu\"", "\"\"", "[]", "{}", "[3, 224, 224]", "[3, 8192, 1]", #"{"0": "a", "1": "b"}"#,
            #"["a", "b"]"#,
        ]
        let kinds = [
            (
                #""model_type": "mobilenet_v2""#,
                [
                    "image_size", "depth_multiplier", "depth_divisible_by", "min_depth", "expand_ratio", "output_stride", "first_layer_is_expansion",
                    "finegrained_output", "tf_padding", "layer_norm_eps", "hidden_act", "num_channels", "num_labels", "id2label", "architectures",
                ]
            ),
            (#""architecture": "mobilenetv4_conv_small""#, ["num_classes", "pretrained_cfg", "label_names", "labels", "label_descriptions", "global_pool"]),
            (
                #""model_type": "moat", "architecture": "tiny-moat-0""#,
                [
                    "num_classes", "pool_size", "window_size", "position_embedding", "global_attention_at_end_of_moat_stage", "pretrained_cfg", "stem_size",
                    "num_blocks", "hidden_size",
                ]
            ),
            (#""architecture": "mobilenetv2_999""#, ["num_classes", "pretrained_cfg", "label_names"]),
        ]
        let folder = try TemporaryFolder()
        var random = Seeded(state: 3)
        var built = 0
        for round in 0..<300 {
            let (kind, keys) = kinds[round % kinds.count]
            let chosen = keys.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random))
            let members = [kind] + chosen.map { "\"\($0)\": \(values.randomElement(using: &random) ?? "0")" }
            try folder.write("{" + members.joined(separator: ", ") + "}", to: "config.json")
            guard let model = try? ModelFolder(path: folder.path), let architecture = try? model.architecture() else { continue }
            #expect((try? model.labels()).map(\.count) ?? architecture.classCount == architecture.classCount)
            guard let network = try? Network(architecture, weights: .madeUp) else { continue }
            built += 1
            _ = try? network.graph(batch: 2, height: 33, width: 65)
        }
        #expect(built > 30 && built < 300)
    }
}

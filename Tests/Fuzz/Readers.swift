import Glibc
import OpsinGraph
import OpsinModels
import OpsinVision

/// Every reader of files that come from outside.
enum Readers {
    static func all() -> [Target] {
        [
            safetensors(), checkpoint(), json(), config(),
            image("jpeg", Seeds.images(".jpg")),
            image("png", Seeds.images(".png")) { bytes, _ in Structure.withPNGChecksums(bytes) },
            image("webp", Seeds.images(".webp")) { bytes, _ in Structure.withRIFFLength(bytes) },
            image("bmp", Seeds.images(".bmp")),
            image("pnm", Seeds.images(".ppm", ".pgm", ".pbm"), isText: true),
        ]
    }

    private static func safetensors() -> Target {
        let header =
            #"{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#
            + #""b":{"dtype":"F16","shape":[4],"data_offsets":[24,32]},"n":{"dtype":"I64","shape":[],"data_offsets":[32,40]},"#
            + #""c":{"dtype":"BF16","shape":[1,2,1,1],"data_offsets":[40,44]},"e":{"dtype":"F32","shape":[0,7],"data_offsets":[44,44]}}"#
        let data = (0..<44).map { UInt8($0 * 5) }
        let files = [Structure.safetensors(header: Array(header.utf8), data: data)] + Seeds.files("VisionTests/Resources/postprocess", ".safetensors")
        return Target("safetensors", seeds: files, isText: false) { bytes, numbers in
            // The header mutated as text, under its right length.
            guard let (text, data) = Structure.safetensorsParts(numbers.oneIn(2) ? bytes : numbers.pick(files)) else { return bytes }
            return Structure.safetensors(header: Mutation.bytes(text, other: text, isText: true, &numbers), data: data)
        } check: { bytes in
            guard let guarded = GuardedBytes(bytes) else { return (nil, false) }
            do {
                let file = try SafetensorsFile(storage: guarded.storage(), path: "x.safetensors")
                for entry in file.tensors {
                    guard let constant = file.constant(entry) else { continue }
                    let count = entry.dimensions.reduce(1, *)
                    if constant.floats().count != count { return ("tensor \(entry.name): \(constant.floats().count) values for \(entry.dimensions)", true) }
                }
                _ = try WeightSource(name: "x", files: [file])
                return (nil, true)
            } catch {
                return (Target.fault(ofMessage: "\(error)"), false)
            }
        }
    }

    /// The index of a TensorFlow checkpoint over a shard of zeros: what stands below the checksums is mutated, then the file is made whole again around it.
    private static func checkpoint() -> Target {
        let shard = [UInt8](repeating: 0, count: CheckpointIndex.shardCount), block = CheckpointIndex.block
        let seeds = [CheckpointIndex.file(block), CheckpointIndex.file(block, isCompressed: true)] + Seeds.files("Resources/moat_tf1_checkpoint", ".index")
        return Target("checkpoint", seeds: seeds, isText: false) { _, numbers in
            let mutated = Mutation.bytes(block, other: block, isText: false, &numbers)
            guard numbers.oneIn(3) else { return CheckpointIndex.file(mutated) }
            let stream = CheckpointIndex.snappy(numbers.oneIn(2) ? mutated : block)
            return CheckpointIndex.file(stored: numbers.oneIn(2) ? stream : Mutation.bytes(stream, other: stream, isText: false, &numbers), kind: 1)
        } check: { bytes in
            guard let guarded = GuardedBytes(shard) else { return (nil, false) }
            do {
                let weights = try TensorFlowCheckpoint(index: bytes, path: "x.index") { _ in guarded.storage() }.weights()
                return (weights.byteCount > 16 * shard.count ? "\(weights.byteCount) bytes of weights" : nil, true)
            } catch {
                return (Target.fault(ofMessage: "\(error)"), false)
            }
        }
    }

    private static func json() -> Target {
        let text = #"{"model_type":"mobilenet_v2","depth_multiplier":1.0,"id2label":{"0":"a\u00e9\ud83d\ude00","1":"b"},"x":[1,-2.5e3,true,null,{"y":[]}]}"#
        let files = ["mobilenet_v2_hf", "mobilenetv2_100"].flatMap { Seeds.files("Resources/cases/" + $0, "onfig.json", "case.json") }
        return Target("json", seeds: [Array(text.utf8)] + files, isText: true) { bytes in
            guard let guarded = GuardedBytes(bytes) else { return (nil, false) }
            do {
                let value = try guarded.withSpan { (span) throws(JSONError) in try JSON(parsing: span) }
                // What is written is what was read.
                if (try? JSON(parsing: value.text)) != value { return ("written and read again, it is another value", true) }
                if (try? JSON(parsing: value.prettyText)) != value { return ("written on many lines and read again, it is another value", true) }
                return (nil, true)
            } catch {
                return (Target.fault(ofMessage: "\(error)"), false)
            }
        }
    }

    /// `config.json` of a folder without weights: architecture, labels, network with made-up weights, graph, and the recipe on a small picture.
    private static func config() -> Target {
        // In memory where the system has such a place: a disk would be waited for ten thousand times.
        let folder = (File.kind("/dev/shm") == .folder ? "/dev/shm" : "/tmp") + "/opsin-fuzz-\(getpid())"
        let cases = ["mobilenet_v2_hf", "mobilenetv2_100", "mobilenetv4_conv_small", "mobilenetv4_hybrid_medium", "depth_anything_tiny"]
        let seeds = cases.flatMap { Seeds.files("Resources/cases/" + $0, "onfig.json", limit: 200_000) } + more.map { Array($0.utf8) }
        let picture = try? Image(width: 9, height: 7, channels: 3, pixels: (0..<189).map { UInt8($0) })
        return Target("config", seeds: seeds, isText: true) { bytes in
            defer { removeFolder(folder) }
            do {
                // The same text serves both files: each reader takes the keys that it knows.
                try File.makeFolder(folder)
                try File.write(bytes, to: folder + "/config.json")
                if bytes.count % 2 == 0 { try File.write(bytes, to: folder + "/preprocessor_config.json") }
                let model = try ModelFolder(path: folder)
                if let fault = fault(ofRecipe: model, picture) { return (fault, true) }
                let architecture = try model.architecture()
                let labels = try model.labels()
                if architecture.classCount > 0 && !labels.isEmpty && labels.count != architecture.classCount {
                    return ("\(labels.count) labels for \(architecture.classCount) classes", true)
                }
                let network = try Network(architecture, weights: .madeUp)
                let size = architecture.inputSize
                _ = try network.graph(batch: 1, height: size.height, width: size.width)
                _ = try network.graph(batch: 2, height: 33, width: 65)
                return (nil, true)
            } catch {
                return (Target.fault(ofMessage: "\(error)"), false)
            }
        }
    }

    private static let more = [
        #"{"model_type": "mobilenet_v2", "image_size": 96, "depth_multiplier": 0.35, "depth_divisible_by": 8, "min_depth": 8, "expand_ratio": 6.0, "#
            + #""output_stride": 32, "first_layer_is_expansion": true, "finegrained_output": true, "tf_padding": true, "layer_norm_eps": 0.001, "#
            + #""hidden_act": "relu6", "num_channels": 3, "num_labels": 2, "id2label": {"0": "a", "1": "b"}, "do_resize": true, "size": {"shortest_edge": 256}, "#
            + #""resample": 2, "do_center_crop": true, "crop_size": {"height": 96, "width": 96}, "do_rescale": true, "rescale_factor": 0.00392156862745098, "#
            + #""do_normalize": true, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "image_processor_type": "MobileNetV2ImageProcessor"}"#,
        #"{"architecture": "mobilenetv4_conv_small_050", "num_classes": 4, "label_names": ["a", "b", "c", "d"], "global_pool": "avg", "pretrained_cfg": "#
            + #"{"input_size": [3, 64, 64], "test_input_size": [3, 96, 96], "fixed_input_size": false, "interpolation": "bicubic", "crop_pct": 0.95, "#
            + #""crop_mode": "center", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "num_classes": 4, "pool_size": [7, 7]}}"#,
    ]

    private static func fault(ofRecipe model: ModelFolder, _ picture: Image?) -> String? {
        do {
            let recipe = try PreprocessRecipe(config: model.config.json, preprocessor: model.preprocessor?.json)
            guard let picture else { return "no picture" }
            let result = try recipe.apply(picture)
            guard result.pixels.count == result.width * result.height * 3 else { return "\(result.pixels.count) values for \(result.width) x \(result.height)" }
            return result.pixels.allSatisfy(\.isFinite) ? nil : "values that are not finite"
        } catch {
            return Target.fault(ofMessage: "\(error)")
        }
    }

    private static func removeFolder(_ folder: String) {
        for name in ["config.json", "preprocessor_config.json"] { unsafe _ = unlink(folder + "/" + name) }
        unsafe _ = rmdir(folder)
    }

    private static func image(
        _ name: String, _ seeds: [[UInt8]], isText: Bool = false, repair: @escaping ([UInt8], inout Numbers) -> [UInt8] = { bytes, _ in bytes }
    ) -> Target {
        Target(name, seeds: seeds, isText: isText, repair: repair) { bytes in
            guard let guarded = GuardedBytes(bytes) else { return (nil, false) }
            do {
                let image = try guarded.withSpan { (span) throws(VisionError) in try Image(decoding: span) }
                guard image.pixels.count == image.width * image.height * image.channels else {
                    return ("\(image.pixels.count) samples for \(image.width) x \(image.height) x \(image.channels)", true)
                }
                return (nil, true)
            } catch {
                return (Target.fault(ofMessage: "\(error)"), false)
            }
        }
    }
}

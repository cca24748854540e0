import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// `opsin detect` and `opsin eval` with the detector that ships.
extension CommandTests.Detect {
    /// The COCO photos beside the checkout, and what is marked on them.
    static let photos = OracleCase.sharedOracle.map { $0 + "/../images/coco" }
    static let whyNot = Comment("needs ../shared/images/coco, which is too large for the repository")

    @Test func theTableHasATitleAndAnObjectALine() throws {
        let outcome = try opsin(["detect", Files.cat])
        expectGood(outcome)
        let lines = outcome.lines
        #expect(lines.count == 3 && lines[0].hasPrefix("\(Files.cat)  451 x 300  ") && lines[0].hasSuffix(" ms on cpu"))
        #expect(lines[1].hasPrefix("  cat ") && lines[1].contains(" 76.") && lines[1].contains(" %      4     1   44"))
        #expect(try opsin(["detect", "--threshold", "0.99", Files.cat]).lines.last == "  nothing above the threshold")
    }

    @Test func jsonIsOneObjectAPhoto() throws {
        let outcome = try opsin(["detect", "--json", "--threshold", "0.05", Files.cat, Files.rocket])
        expectGood(outcome)
        let results = try objects(outcome)
        #expect(results.count == 2)
        for (result, size) in zip(results, [(451.0, 300.0), (640, 427)]) {
            #expect(result.names == ["image", "task", "device", "detections", "timings_ms"] && result["task"]?.string == "detect")
            let found = result["detections"]?.array ?? []
            #expect(!found.isEmpty && found.allSatisfy { $0.names == ["label_id", "label", "score", "box"] })
            let scores = found.compactMap { $0["score"]?.double }
            #expect(scores == scores.sorted(by: >) && scores.allSatisfy { $0 > 0.05 && $0 <= 1 })
            for box in found.compactMap({ $0["box"]?.array?.compactMap(\.double) }) {
                #expect(box.count == 4 && box[0] >= 0 && box[0] <= box[2] && box[2] <= size.0 && box[1] >= 0 && box[1] <= box[3] && box[3] <= size.1)
            }
        }
    }

    @Test func optionsLimitTheObjects() throws {
        func found(_ options: String...) throws -> [JSON] { try object(opsin(["detect", "--json", Files.cat] + options))["detections"]?.array ?? [] }
        let all = try found("--threshold", "-1")
        let seven = try found("--threshold", "-1", "--max", "7")
        #expect(all.count == 100 && seven == Array(all.prefix(7)))
        #expect(try found("--threshold", "-1", "--max", "200").count == 200)
        let pets = try found("--threshold", "-1", "--allow", "cat, 16")
        #expect(pets.count == 100 && pets.allSatisfy { [15, 16].contains($0["label_id"]?.int) })
        #expect(try found("--deny", "cat").allSatisfy { $0["label"]?.string != "cat" })
        let free = try found("--threshold", "-1", "--no-clip").compactMap { $0["box"]?.array?.compactMap(\.double) }
        #expect(free.contains { $0[0] < 0 || $0[1] < 0 || $0[2] > 451 || $0[3] > 300 })
        expectRefused(try opsin(["detect", Files.cat, "--allow", "unicorn"]), exit: 2, "no label \"unicorn\"")
        expectRefused(try opsin(["detect", Files.cat, "--max", "-1"]), exit: 2, "--max is -1")
        expectRefused(try opsin(["detect", Files.cat, "--threshold", "nan"]), exit: 2, "--threshold is nan")
        expectRefused(try opsin(["detect", Files.cat, "--model", Files.model]), exit: 3, "expected one to detect")
    }

    @Test func savedPicturesShowTheObjects() throws {
        let folder = try TemporaryFolder()
        let outcome = try opsin(["detect", "--save", folder.file("out"), Files.cat, Files.cat])
        expectGood(outcome)
        for name in ["cat.detect.jpg", "cat-2.detect.jpg"] { #expect(try bytes(of: folder.file("out/\(name)")).count > 10_000) }
        expectRefused(try opsin(["detect", "--save", Files.cat, Files.cat]), exit: 1, Files.cat)
    }

    /// Shapes that nobody trains on; the largest is written as a bitmap of one bit a pixel would be: 20000 x 20 and 6000 x 4000 gray.
    @Test func oddPicturesGiveAnAnswer() throws {
        let folder = try TemporaryFolder()
        var files: [String] = []
        for (width, height) in [(1, 1), (1, 4000), (4000, 3), (20_000, 20), (6000, 4000)] {
            let pixels = (0..<width * height).map { UInt8(truncatingIfNeeded: $0 % 251) }
            files.append(try folder.write(Array("P5 \(width) \(height) 255\n".utf8) + pixels, to: "\(width)x\(height).pgm"))
        }
        let broken = try folder.write("P5 5 5 255\n", to: "broken.pgm")
        files.insert(broken, at: 2)
        let outcome = try opsin(["detect", "--json"] + files)
        #expect(outcome.exit == 1 && outcome.complaint?.hasPrefix(broken) == true)
        let results = try objects(outcome)
        #expect(results.count == 6 && results.filter { $0["detections"]?.array != nil }.count == 5)
        #expect(results.dropFirst(2).first?["error"]?.string != nil)
    }

    /// A photo's answer does not depend on its neighbours.
    @Test func severalPhotosGiveWhatEachGivesAlone() throws {
        let together = try objects(opsin(["detect", "--json", Files.rocket, Files.cat]))
        let alone = try object(opsin(["detect", "--json", Files.cat]))
        #expect(together.last?["detections"] == alone["detections"])
    }

    @Test func brokenWeightsAreAnError() throws {
        let folder = try TemporaryFolder()
        let model = Files.models + "/deimv2_hgnetv2_atto_coco"
        for name in ["config.json", "preprocessor_config.json"] { try folder.copy(model + "/" + name, to: name) }
        let file = try SafetensorsFile(path: model + "/model.safetensors")
        let tensors = file.tensors.compactMap { entry in
            file.constant(entry).map {
                let isNaN = entry.name == "model.decoder.class_embed.2.weight"
                return SafetensorsWriter.Tensor(name: entry.name, dimensions: $0.dimensions, values: isNaN ? $0.floats().map { _ in .nan } : $0.floats())
            }
        }
        try SafetensorsWriter().write(tensors, to: folder.file("model.safetensors"))
        expectRefused(try opsin(["detect", Files.cat, "--model", folder.path]), exit: 3, folder.path, "no score is a finite number")
    }

    /// design/DEIMV2.md: AP 0.3243 and AP50 0.4619 with the published weights, 0.3254 and 0.4624 with weights in fp16, as ours are shipped.
    @Test(.enabled(if: photos != nil, whyNot), arguments: [("fp32", "cpu"), ("bf16", "cpu"), ("fp16", "vulkan")])
    func averagePrecisionIsTheReferences(precision: String, device: String) throws {
        let photos = try #require(Self.photos)
        let arguments = ["eval", "--images", photos + "/images", "--labels", photos + "/labels", "--json", "--precision", precision, "--device", device]
        let outcome = try opsin(arguments + [Files.models + "/deimv2_hgnetv2_atto_coco"], environment: ["OPSIN_NO_CPU_FALLBACK": "1"], seesGPUs: true)
        // A machine without bf16 or a GPU with fp16 says so.
        if precision != "fp32", outcome.exit == 3 { return }
        expectGood(outcome)
        let scores = try object(outcome)
        #expect(scores["images"]?.int == 48 && scores["objects"]?.int == 350 && scores["classes"]?.int == 59)
        let tolerance = precision == "fp32" ? 0.005 : 0.015
        #expect(abs((scores["ap"]?.double ?? 0) - 0.3243) < tolerance && abs((scores["ap50"]?.double ?? 0) - 0.4619) < tolerance, "\(outcome.out)")
    }

    @Test func evalCountsAndRefuses() throws {
        let folder = try TemporaryFolder()
        let images = try folder.makeFolder("images"), labels = try folder.makeFolder("labels")
        let model = Files.models + "/deimv2_hgnetv2_atto_coco"
        let evaluate = ["eval", model, "--images", images, "--labels", labels]
        expectRefused(try opsin(evaluate), exit: 1, "holds no photos")
        try folder.copy(Files.cat, to: "images/cat.jpg")
        expectRefused(try opsin(evaluate), exit: 1, "labels/cat.txt")
        try folder.write("15 0.5 0.5 0.97 0.98\n", to: "labels/cat.txt")
        let good = try opsin(evaluate)
        expectGood(good)
        #expect(good.lines.first == "1 photos, 1 objects of 1 classes" && good.lines.contains { $0.hasPrefix("  AP50  1.0000") })
        for (text, complaint) in [("15 0.5 0.5 x 0.98", "line 1 is"), ("80 0.5 0.5 1 1", "class 80, expected 0 to 79"), ("15 0.5", "line 1 is")] {
            try folder.write(text, to: "labels/cat.txt")
            expectRefused(try opsin(evaluate), exit: 1, "labels/cat.txt", complaint)
        }
        expectRefused(try opsin(["eval", Files.model, "--images", images, "--labels", labels]), exit: 3, "expected one to detect")
    }
}

import OpsinModels
import Testing

extension CommandTests.Folders {
    /// The shipped classifier on bytes, ranges from the two photos of the repository.
    private func quantized(_ folder: TemporaryFolder, _ more: [String] = []) throws -> (path: String, Outcome) {
        let path = folder.file("int8")
        return (path, try opsin(["quantize", Files.model, "--images", Files.photos, "-o", path] + more))
    }

    @Test func aQuantizedFolderOpensAndSaysTheSame() throws {
        let folder = try TemporaryFolder(), (path, outcome) = try quantized(folder, ["--json"])
        expectGood(outcome)
        let report = try object(outcome)
        // No class of the astronaut stands out (0.074 and 0.064): its first two may change places.
        #expect((report["top1_agreement"]?.double ?? 0) >= 0.75 && (report["output_difference"]?.double ?? 1) < 0.2)
        let layers = report["layers"]?.array ?? []
        #expect(layers.count > 50 && layers.allSatisfy { $0["precision"]?.string == "int8" && ($0["relative"]?.double ?? 9) < 0.5 })
        #expect((report["weights_bytes"]?["after"]?.int ?? .max) < 4_000_000)
        let page = try String(decoding: bytes(of: path + "/quantization_report.html"), as: UTF8.self)
        #expect(page.contains("<table>") && page.contains("mobilenet_v2.conv_stem.first_conv"))

        // In every precision it is the same cat, and auto takes the bytes.
        for (precision, runs) in [("int8", "int8"), ("auto", "int8"), ("default", "fp32")] {
            let reportPath = folder.file("report.json")
            let answer = try opsin(["classify", "--json", Files.cat, "--model", path, "--device", "cpu", "--precision", precision, "--report", reportPath])
            expectGood(answer)
            let best = try object(answer)["classes"]?.array?.first
            #expect(best?["label"]?.string == "Egyptian cat" && abs((best?["score"]?.double ?? 0) - 0.427) < 0.15, "\(precision)")
            let ran = try JSON(parsing: String(decoding: bytes(of: reportPath), as: UTF8.self))
            #expect(ran["precision"]?.string == runs && ran["fallbacks"]?.array?.isEmpty == true)
        }
        // What is quantised stays so.
        expectGood(try opsin(["convert", path, folder.file("copy"), "--dtype", "f16"]))
        expectGood(try opsin(["classify", Files.cat, "--model", folder.file("copy"), "--precision", "int8"]))
        expectRefused(try opsin(["quantize", path, "--images", Files.photos, "-o", folder.file("twice")]), exit: 2, path, "is quantised already")
    }

    @Test func everyInstructionSetGivesTheSameBytes() throws {
        let folder = try TemporaryFolder(), (path, outcome) = try quantized(folder, ["--calibration", "minmax", "--group", "8"])
        expectGood(outcome)
        var answers: Set<String> = []
        for isa in ["generic", "avx2", "avx512"] {
            let answer = try opsin(
                ["run", path, "--image", Files.cat, "--output", folder.file("\(isa).safetensors"), "--precision", "int8"], environment: ["OPSIN_CPU_ISA": isa])
            // A machine without the set says so.
            guard answer.exit == 0 else { continue }
            answers.insert(try String(describing: bytes(of: folder.file("\(isa).safetensors"))))
        }
        #expect(answers.count == 1)
    }

    @Test func quantizeRefusesWhatItCannotDo() throws {
        let folder = try TemporaryFolder(), out = folder.file("out")
        expectRefused(try opsin(["classify", Files.cat, "--precision", "int8"]), exit: 3, "is not quantised (opsin quantize")
        expectRefused(try opsin(["quantize", Files.model, "--images", folder.path, "-o", out]), exit: 1, "holds no photos")
        expectRefused(try opsin(["quantize", Files.model, "--images", Files.photos, "-o", Files.model]), exit: 3, "is the folder to quantise")
        let quantize = ["quantize", Files.model, "--images", Files.photos, "-o", out]
        expectRefused(try opsin(quantize + ["--calibration", "best"]), exit: 2, "expected minmax, percentile, mse")
        expectRefused(try opsin(quantize + ["--group", "3"]), exit: 2, "group is 3, expected 1, 4, 8 or 16")
    }

    @Test func aDamagedQuantizationIsRefusedByName() throws {
        let folder = try TemporaryFolder(), (path, outcome) = try quantized(folder)
        expectGood(outcome)
        let file = path + "/quantization.json", good = try String(decoding: bytes(of: file), as: UTF8.self)
        for (from, to, says) in [
            ("\"schema_version\": 1", "\"schema_version\": 2", "schema_version is 2, expected 1"),
            ("\"scheme\": \"s8", "\"scheme\": \"s4", "scheme is not"), ("\"zero\": 0", "\"zero\": 256", "zero is 256"),
            ("\"scale\": ", "\"scale\": -", "scale is -"), ("\"values\": {", "\"values\": [{", "not JSON"),
        ] {
            var text = good
            let range = try #require(text.firstRange(of: from))
            text.replaceSubrange(range, with: to)
            _ = try folder.write(text, to: "int8/quantization.json")
            expectRefused(try opsin(["classify", Files.cat, "--model", path, "--precision", "int8"]), exit: 3, says)
        }
    }
}

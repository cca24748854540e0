import OpsinModels
import OracleSupport
import Testing

/// Largest difference over the largest expected magnitude; infinite when the tensors are not alike in form.
private func difference(_ found: OracleTensor?, _ expected: OracleTensor) -> Float {
    guard let found, found.dimensions == expected.dimensions else { return .infinity }
    let largest = zip(found.values, expected.values).map { abs($0 - $1) }.max() ?? .infinity
    return largest.isNaN ? .infinity : largest / (expected.values.map(abs).max() ?? 0)
}

extension CommandTests.Tensors {
    /// A photo goes through recipe and network, and each tensor that the reference gave comes out within its tolerance.
    @Test func runWithLayersGivesTheReferencesTensors() throws {
        let (oracle, model) = try OracleFolders.convSmall.get()
        let folder = try TemporaryFolder()
        let path = folder.file("out.safetensors")
        let outcome = try opsin(["run", model, "--image", oracle.image, "--output", path, "--layers", "--device", "cpu", "--precision", "fp32"])
        expectGood(outcome)
        let found = try OracleCase.tensors(path)
        #expect(found["pixel_values"]?.dimensions == [1, 3, 224, 224])
        let expected = try oracle.expected()
        #expect(expected.count > 15)
        for (name, tensor) in expected { #expect(difference(found[name], tensor) <= 1e-4, "\(name)") }
        // The list that is printed names what was written.
        #expect(outcome.lines.first { $0.hasPrefix("logits ") }?.hasSuffix(" 1 x 1000") ?? false)

        // What one run wrote is the input of the next one.
        let input = folder.file("input.safetensors"), again = folder.file("again.safetensors")
        let pixels = try #require(found["pixel_values"])
        try SafetensorsWriter().write([.init(name: "pixel_values", dimensions: pixels.dimensions, values: pixels.values)], to: input)
        expectGood(try opsin(["run", model, "--input", input, "--output", again, "--features", "blocks.2.1,conv_stem", "--quiet"]))
        let features = try OracleCase.tensors(again)
        #expect(Set(features.keys) == ["logits", "blocks.2.1", "conv_stem"])
        for name in ["blocks.2.1", "conv_stem"] {
            let whole = try #require(features[name])
            #expect(whole.dimensions.count == 4 && whole.dimensions[0] == 1)
            if let sample = expected["sample." + name] {
                #expect(difference(OracleTensor(dimensions: sample.dimensions, values: OracleCase.sample(whole.values)), sample) <= 1e-4, "\(name)")
            }
        }
        // And of verify, which finds no difference.
        let verified = try opsin(["verify", model, "--expected", path, "--device", "cpu", "--json"])
        expectGood(verified)
        let json = try object(verified)
        #expect(json.names == ["schema_version", "tolerance", "tensors", "first_divergence", "verdict"])
        #expect(json["verdict"]?.string == "equal" && json["first_divergence"]?.isNull ?? false)
        #expect(json["tensors"]?.array?.count ?? 0 >= expected.count)
        #expect(json["tensors"]?.array?.allSatisfy { $0.names == ["name", "max", "mean", "relative", "within"] } ?? false)
    }

    @Test func preprocessGivesWhatRunFeedsTheModel() throws {
        let (oracle, model) = try OracleFolders.transformers.get()
        let folder = try TemporaryFolder()
        // Only the configuration is needed.
        for name in ["config.json", "preprocessor_config.json"] { try folder.copy(model + "/" + name, to: name) }
        let alone = folder.file("pre.safetensors"), whole = folder.file("run.safetensors")
        let outcome = try opsin(["preprocess", folder.path, "--image", oracle.image, "--output", alone])
        expectGood(outcome)
        #expect(outcome.out == "pixel_values  1 x 3 x 224 x 224\n")
        expectGood(try opsin(["run", model, "--image", oracle.image, "--output", whole, "--quiet"]))
        let tensors = try OracleCase.tensors(alone), ran = try OracleCase.tensors(whole)
        #expect(tensors["pixel_values"]?.values == ran["pixel_values"]?.values && tensors.count == 1)
        #expect(try difference(ran["logits"], #require(oracle.expected()["logits"])) <= 1e-4)
        if let exact = try oracle.sharedPixelValues() { #expect(tensors["pixel_values"]?.values == exact.values) }
    }

    @Test func runRefusesTensorsThatDoNotFit() throws {
        let folder = try TemporaryFolder()
        func file(_ name: String, _ dimensions: [Int]) throws -> String {
            let path = folder.file("\(name)-\(dimensions.count).safetensors")
            try SafetensorsWriter().write(
                [.init(name: name, dimensions: dimensions, values: [Float](repeating: 0, count: dimensions.reduce(1, *)))], to: path)
            return path
        }
        func run(_ input: String) throws -> Outcome { try opsin(["run", Files.model, "--input", input, "--output", folder.file("never")]) }
        expectRefused(try run(file("pixels", [1, 3, 224, 224])), exit: 2, "input \"pixels\" is unknown (expected pixel_values)")
        expectRefused(try run(file("pixel_values", [3, 224, 224])), exit: 2, "pixel_values is [3, 224, 224], expected [images, 3, height, width]")
        expectRefused(try run(file("pixel_values", [0, 3, 2, 2])), exit: 2, "pixel_values")
        expectRefused(try run(folder.file("nowhere.safetensors")), exit: 3, "nowhere.safetensors: no such file")
        expectRefused(try run(folder.write("{}", to: "text.safetensors")), exit: 3, "text.safetensors: ")
        expectRefused(
            try opsin(["run", Files.model, "--image", Files.cat, "--output", folder.file("no/such/o.safetensors")]), exit: 1, "no/such/o.safetensors")
        // A batch of two, of another size than the model's own.
        let batch = folder.file("batch.safetensors"), out = folder.file("out.safetensors")
        let values = (0..<36_864).map { (index: Int) -> Float in Float(index % 17) / 8 - 1 }
        try SafetensorsWriter().write([.init(name: "pixel_values", dimensions: [2, 3, 64, 96], values: values)], to: batch)
        expectGood(try opsin(["run", Files.model, "--input", batch, "--output", out]))
        #expect(try OracleCase.tensors(out)["logits"]?.dimensions == [2, 1001])
    }

    @Test func verifyNamesTheFirstTensorThatDiverges() throws {
        let (oracle, model) = try OracleFolders.convSmall.get()
        let folder = try TemporaryFolder()
        let path = folder.file("out.safetensors"), wrong = folder.file("wrong.safetensors")
        expectGood(try opsin(["run", model, "--image", oracle.image, "--output", path, "--features", "blocks.1.0,blocks.3.0", "--quiet"]))
        var tensors = try OracleCase.tensors(path)
        let spoiled = try #require(tensors["blocks.3.0"])
        tensors["blocks.3.0"] = OracleTensor(dimensions: spoiled.dimensions, values: spoiled.values.map { $0 + 1 })
        try SafetensorsWriter().write(tensors.map { .init(name: $0.key, dimensions: $0.value.dimensions, values: $0.value.values) }, to: wrong)
        let good = try opsin(["verify", model, "--expected", path])
        expectGood(good)
        #expect(good.lines.last?.hasPrefix("fp32: equal") ?? false)
        let outcome = try opsin(["verify", model, "--expected", wrong])
        #expect(outcome.exit == 1 && outcome.err.isEmpty)
        #expect(outcome.lines.last?.hasPrefix("fp32: diverges, first at blocks.3.0") ?? false, "\(outcome.out)")
        #expect(outcome.lines.filter { $0.contains("<- too far") }.count == 1)
        #expect(try object(opsin(["verify", model, "--expected", wrong, "--json"]))["first_divergence"]?.string == "blocks.3.0")
        // Nothing to compare is an error, not a success.
        let only = folder.file("only.safetensors")
        expectGood(try opsin(["preprocess", model, "--image", oracle.image, "--output", only]))
        expectRefused(try opsin(["verify", model, "--expected", only]), exit: 1, "only.safetensors", "nothing to compare")
        let empty = folder.file("empty.safetensors")
        try SafetensorsWriter().write([], to: empty)
        expectRefused(try opsin(["verify", model, "--expected", empty]), exit: 2, "empty.safetensors has no pixel_values, so --image is needed")
    }

    @Test func verifyHoldsTheDeviceAgainstFP32() throws {
        let (_, model) = try OracleFolders.convSmall.get()
        let plain = try opsin(["verify", model, "--device", "cpu"])
        expectGood(plain)
        #expect(plain.lines.last?.hasPrefix("fp32: equal (tolerance 1.0e-04)") ?? false && plain.lines.count > 10)
        #expect(plain.lines.allSatisfy { $0.count <= 100 })
        let folder = try TemporaryFolder()
        let photo = try opsin(["verify", Files.model, "--image", Files.cat, "--json", "--report", folder.file("report.json")])
        expectGood(photo)
        #expect(try JSON(parsing: String(decoding: bytes(of: folder.file("report.json")), as: UTF8.self))["precision"]?.string == "fp32")
        let hasBF16 = try object(opsin(["devices", "--json"])).array?.first?["features"]?.array?.contains { $0.string?.hasSuffix("_bf16") ?? false } ?? false
        guard hasBF16 else { return }
        let bf16 = try opsin(["verify", model, "--device", "cpu", "--precision", "bf16", "--json"])
        expectGood(bf16)
        let rows = try #require(try object(bf16)["tensors"]?.array)
        // Another precision ran: the differences are those of bf16, neither of fp32 nor of a fault.
        let worst = rows.compactMap { $0["relative"]?.double }.max() ?? 0
        #expect(worst > 1e-4 && worst < 0.25)
        #expect(try opsin(["verify", model, "--device", "cpu", "--precision", "bf16", "--tolerance", "1e-5"]).exit == 1)
    }
}

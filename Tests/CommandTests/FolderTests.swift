import OpsinModels
import Testing

extension CommandTests.Folders {
    @Test func infoCountsToTheDigit() throws {
        let (_, convSmall) = try OracleFolders.convSmall.get(), (_, transformers) = try OracleFolders.transformers.get()
        for (path, architecture, parameters, labels) in [
            (convSmall, "mobilenetv4_conv_small", 3_774_024, 1000), (transformers, "mobilenet_v2", 3_506_153, 1001),
            (Files.model, "mobilenet_v2", 3_506_153, 1001),
        ] {
            let outcome = try opsin(["info", path, "--json"])
            expectGood(outcome)
            let info = try object(outcome)
            #expect(
                info.names == [
                    "architecture", "task", "parameters", "input", "labels", "flops", "weights_bytes", "activations_bytes", "peak_bytes",
                ])
            #expect(info["architecture"]?.string == architecture && info["task"]?.string == "classify" && info["labels"]?.int == labels)
            #expect(info["parameters"]?.int == parameters)
            #expect(info["input"]?.array?.compactMap(\.int) == [224, 224])
            let bytes = ["weights_bytes", "activations_bytes", "peak_bytes"].map { info[$0]?.int ?? 0 }
            #expect(bytes[0] > parameters && bytes[1] > 1_000_000 && bytes[2] == bytes[0] + bytes[1])
            #expect((300_000_000...700_000_000).contains(info["flops"]?.int ?? 0))
        }
        let table = try opsin(["info"])
        expectGood(table)
        #expect(table.out.contains("parameters    3,506,153\n") && table.lines.allSatisfy { $0.count <= 100 })
    }

    @Test func convertedFoldersOpenAndSayTheSame() throws {
        let folder = try TemporaryFolder()
        for (type, bytes) in [("f16", 7_080_530), ("bf16", 7_080_530), ("f32", 14_161_060)] {
            let path = folder.file(type)
            let outcome = try opsin(["convert", Files.model, path, "--dtype", type])
            expectGood(outcome)
            #expect(outcome.out == "\(path): \(bytes) bytes of weights in \(type)\n")
            #expect(try object(opsin(["info", path, "--json"]))["weights_bytes"]?.int == bytes)
            let result = try opsin(["classify", "--json", Files.cat, "--model", path])
            expectGood(result)
            let best = try object(result)["classes"]?.array?.first
            #expect(best?["label"]?.string == "Egyptian cat" && abs((best?["score"]?.double ?? 0) - 0.427) < 0.02)
        }
        // fp16 to fp32 and back is the same file.
        expectGood(try opsin(["convert", folder.file("f32"), folder.file("back"), "--dtype", "f16"]))
        #expect(try bytes(of: folder.file("back/model.safetensors")) == bytes(of: folder.file("f16/model.safetensors")))
    }

    @Test func convertRefusesWhatItCannotDo() throws {
        let folder = try TemporaryFolder()
        expectRefused(try opsin(["convert", Files.model, Files.model]), exit: 3, "is the folder to convert, expected another one")
        expectRefused(try opsin(["convert", folder.path, folder.file("out")]), exit: 3, folder.path, "holds no config.json")
        let file = try folder.write("", to: "file")
        expectRefused(try opsin(["convert", Files.model, file]), exit: 3, file, "is a file, expected a folder")
        expectRefused(try opsin(["convert", Files.model, "/dev/null/out"]), exit: 3, "/dev/null/out")
    }

    @Test func modelsAreRefusedByName() throws {
        for command in ["info", "verify", "bench"] { expectRefused(try opsin([command, "nowhere"]), exit: 3, "nowhere: no such file or folder") }
        expectRefused(try opsin(["run", "nowhere", "--image", "x", "--output", "y"]), exit: 3, "nowhere: no such file or folder")
        expectRefused(try opsin(["preprocess", "nowhere", "--image", Files.cat, "--output", "/tmp/never"]), exit: 3, "nowhere: no such file or folder")
        expectRefused(try opsin(["classify", Files.cat, "--model", Files.cat]), exit: 3, Files.cat, "is no model")
    }
}

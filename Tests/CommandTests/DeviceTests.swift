import OpsinModels
import Testing

extension CommandTests.Devices {
    /// Instruction sets of this machine, as `opsin devices` lists them.
    private func instructionSets() throws -> [String] {
        let features = try object(opsin(["devices", "--json"])).array?.first?["features"]?.array?.compactMap(\.string) ?? []
        return features.filter { ["avx512", "avx2", "neon", "generic"].contains($0) }
    }

    @Test func theCPUIsAlwaysADevice() throws {
        let outcome = try opsin(["devices", "--json"])
        expectGood(outcome)
        let devices = try #require(try object(outcome).array)
        let cpu = try #require(devices.first)
        #expect(cpu["kind"]?.string == "cpu" && !(cpu["name"]?.string ?? "").isEmpty)
        #expect((cpu["cores"]?.int ?? 0) >= 1 && (1...8).contains(cpu["default_threads"]?.int ?? 0))
        #expect(try instructionSets().last == "generic")
        #expect(devices.allSatisfy { ["cpu", "vulkan"].contains($0["kind"]?.string) })
        let table = try opsin(["devices"])
        expectGood(table)
        #expect(table.lines.first?.hasPrefix("* cpu ") ?? false)
    }

    @Test func theReportSaysWhatRan() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("report.json")
        expectGood(try opsin(["classify", Files.cat, "--device", "cpu", "--threads", "1", "--report", path]))
        let report = try JSON(parsing: String(decoding: bytes(of: path), as: UTF8.self))
        #expect(
            report.names == [
                "schema_version", "device", "precision", "isa", "threads", "dispatches", "fallbacks", "preprocessing", "postprocessing", "timings_ms",
                "memory_bytes", "process",
            ])
        #expect(report["schema_version"]?.int == 1 && report["device"]?["kind"]?.string == "cpu" && report["precision"]?.string == "fp32")
        #expect(report["threads"]?.int == 1 && report["fallbacks"]?.array?.isEmpty ?? false && (report["memory_bytes"]?.int ?? 0) > 10_000_000)
        expectGood(try opsin(["run", Files.model, "--image", Files.cat, "--output", folder.file("o"), "--quiet", "--report", path]))
        let other = try JSON(parsing: String(decoding: bytes(of: path), as: UTF8.self))
        #expect(other.names == report.names)
        let unwritable = try opsin(["classify", Files.cat, "--report", folder.file("no/report.json")])
        #expect(unwritable.exit == 1 && unwritable.complaint?.contains("no/report.json: cannot be written (No such file or directory)") ?? false)
    }

    @Test func everyInstructionSetSaysTheSame() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("report.json")
        for name in try instructionSets() {
            let outcome = try opsin(["classify", "--json", Files.cat, "--report", path], environment: ["OPSIN_CPU_ISA": name])
            expectGood(outcome)
            let best = try object(outcome)["classes"]?.array?.first
            #expect(best?["label"]?.string == "Egyptian cat" && abs((best?["score"]?.double ?? 0) - 0.42746) < 1e-3, "\(name)")
            #expect(try JSON(parsing: String(decoding: bytes(of: path), as: UTF8.self))["isa"]?.string == name)
        }
        expectRefused(
            try opsin(["classify", Files.cat], environment: ["OPSIN_CPU_ISA": "sse9"]), exit: 3, "OPSIN_CPU_ISA is sse9, expected one of generic")
    }

    @Test(arguments: ["1", "2", "3", "7", "256"]) func numbersOfThreads(_ threads: String) throws {
        let outcome = try opsin(["classify", "--json", Files.cat, "--threads", threads])
        expectGood(outcome)
        #expect(try object(outcome)["classes"]?.array?.first?["label"]?.string == "Egyptian cat")
    }

    @Test func vulkanFallsBackAndSaysWhy() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("report.json")
        for device in ["vulkan", "vulkan:0", "vulkan:3f2504e0-4f89-11d3-9a0c-0305e82c3301", "vulkan:two\nlines"] {
            let outcome = try opsin(["classify", "--json", Files.cat, "--device", device, "--report", path])
            #expect(outcome.exit == 0 && outcome.complaint?.contains("running on the CPU, because ") ?? false, "\(outcome.err)")
            #expect(try object(outcome)["device"]?.string == "cpu")
            let fallback = try JSON(parsing: String(decoding: bytes(of: path), as: UTF8.self))["fallbacks"]?.array?.first
            #expect(fallback?["what"]?.string == "device \(device)" && !(fallback?["reason"]?.string ?? "").isEmpty)
            expectGood(try opsin(["classify", "--quiet", Files.cat, "--device", device]))
            expectRefused(try opsin(["classify", Files.cat, "--device", device], environment: ["OPSIN_NO_CPU_FALLBACK": "1"]), exit: 3, "device vulkan", "CPU")
        }
        // Nothing to forbid when the CPU was asked for, or nothing was.
        expectGood(try opsin(["classify", Files.cat, "--device", "cpu"], environment: ["OPSIN_NO_CPU_FALLBACK": "1"]))
        expectGood(try opsin(["classify", Files.cat, "--device", "auto"], environment: ["OPSIN_NO_CPU_FALLBACK": "0"]))
    }

    /// Where there is a Vulkan driver, one that computes on the CPU included.
    @Test func vulkanGivesTheSameAnswer() throws {
        let listed = try opsin(["devices", "--json"], seesGPUs: true)
        expectGood(listed)
        let devices = try object(listed).array ?? []
        #expect(devices.filter { $0["chosen"]?.bool ?? false }.count == 1)
        #expect(Set(devices.map { $0["id"]?.string }).count == devices.count)
        guard devices.contains(where: { $0["kind"]?.string == "vulkan" }) else { return }
        let folder = try TemporaryFolder()
        let path = folder.file("report.json")
        let outcome = try opsin(
            ["classify", "--json", Files.cat, "--device", "vulkan", "--report", path], environment: ["OPSIN_NO_CPU_FALLBACK": "1"], seesGPUs: true)
        expectGood(outcome)
        let result = try object(outcome)
        #expect(result["device"]?.string == "vulkan")
        let best = result["classes"]?.array?.first
        #expect(best?["label"]?.string == "Egyptian cat" && abs((best?["score"]?.double ?? 0) - 0.42746) < 1e-3)
        let report = try JSON(parsing: String(decoding: bytes(of: path), as: UTF8.self))
        #expect(report["device"]?["kind"]?.string == "vulkan" && report["fallbacks"]?.array?.isEmpty ?? false && (report["dispatches"]?.int ?? 0) > 10)
        expectRefused(
            try opsin(["classify", Files.cat, "--device", "vulkan:99"], environment: ["OPSIN_NO_CPU_FALLBACK": "1"], seesGPUs: true), exit: 3, "vulkan:99")
        expectRefused(try opsin(["classify", Files.cat, "--device", "vulkan", "--precision", "bf16"], seesGPUs: true), exit: 3, "bf16")
        expectGood(try opsin(["verify", Files.model, "--device", "vulkan", "--precision", "fp32"], seesGPUs: true))
        // A CPU in a GPU's clothes is taken only when it is asked for.
        let automatic = try object(opsin(["classify", "--json", Files.cat], seesGPUs: true))["device"]?.string
        #expect(automatic == devices.first { $0["chosen"]?.bool ?? false }?["kind"]?.string)
    }

    @Test func precisions() throws {
        let hasBF16 = try object(opsin(["devices", "--json"])).array?.first?["features"]?.array?.contains { $0.string?.hasSuffix("_bf16") ?? false } ?? false
        let folder = try TemporaryFolder()
        let path = folder.file("report.json")
        let bf16 = try opsin(["classify", "--json", Files.cat, "--device", "cpu", "--precision", "bf16", "--report", path])
        if hasBF16 {
            expectGood(bf16)
            #expect(try JSON(parsing: String(decoding: bytes(of: path), as: UTF8.self))["precision"]?.string == "bf16")
            #expect(try object(bf16)["classes"]?.array?.first?["label"]?.string == "Egyptian cat")
        } else {
            expectRefused(bf16, exit: 3, "bf16")
        }
        // An instruction set without it is an error that says so, not another precision.
        expectRefused(
            try opsin(["classify", Files.cat, "--device", "cpu", "--precision", "bf16"], environment: ["OPSIN_CPU_ISA": "generic"]), exit: 3, "bf16")
        expectRefused(try opsin(["classify", Files.cat, "--device", "cpu", "--precision", "fp16"]), exit: 3, "fp16", "fp32")
        for precision in ["default", "fp32", "auto"] {
            expectGood(try opsin(["classify", Files.cat, "--precision", precision, "--report", path]))
            let ran = try JSON(parsing: String(decoding: bytes(of: path), as: UTF8.self))["precision"]?.string
            #expect(ran == (precision == "auto" && hasBF16 ? "bf16" : "fp32"))
        }
    }
}

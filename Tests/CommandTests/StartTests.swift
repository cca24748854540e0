import OpsinModels
import OracleSupport
import Testing

/// What a process takes from its start to its first result, in figures that a busy machine does not change.
extension CommandTests.Start {
    /// What a run of the program reports of itself.
    private struct Run {
        let memoryBytes: Int
        let peakBytes: Int
        let pageFaults: Int

        init(_ model: String, precision: String = "fp32", threads: Int = 1) throws {
            let folder = try TemporaryFolder()
            let path = folder.file("report.json")
            expectGood(
                try opsin([
                    "run", model, "--image", Files.cat, "--device", "cpu", "--threads", "\(threads)", "--precision", precision, "--quiet", "--report", path,
                    "--output", folder.file("outputs"),
                ]))
            let report = try JSON(parsing: String(decoding: bytes(of: path), as: UTF8.self))
            memoryBytes = try #require(report["memory_bytes"]?.int)
            peakBytes = try #require(report["process"]?["peak_bytes"]?.int)
            pageFaults = try #require(report["process"]?["page_faults"]?.int)
        }
    }

    /// What the program and its libraries take with a model that is next to nothing.
    private static let program = Result {
        let folder = try TemporaryFolder(), path = folder.file("tiny")
        try OracleCase("depth_anything_tiny").write(to: path)
        let tiny = try Run(path)
        return tiny.peakBytes - tiny.memoryBytes
    }

    private static var precisions: [String] { isHere("avx512_bf16") ? ["fp32", "bf16"] : ["fp32"] }

    private static func isHere(_ feature: String) -> Bool {
        (try? object(opsin(["devices", "--json"])).array?.first?["features"]?.array?.contains { $0.string == feature }) ?? false
    }

    /// Peak memory is less than 1.5 x weights and activations: a file's pages, fp32 copies and packed weights are not there together.
    @Test(arguments: ["mobilenet_v2_1.0_224", "deeplabv3_mobilenet_v2_1.0_513", "deimv2_hgnetv2_atto_coco", "tcmonodepth_small"], precisions)
    func weightsAreInMemoryOnce(model: String, precision: String) throws {
        let run = try Run(Files.models + "/" + model, precision: precision, threads: 2), program = try Self.program.get()
        let ratio = Double(run.peakBytes - program) / Double(run.memoryBytes)
        #expect(ratio < 1.5, "\(run.peakBytes) bytes, \(program) of them the program's, for \(run.memoryBytes)")
    }

    /// A fault is a page found, made or copied, about a microsecond. Large pages hold the weights: in pieces of the heap there were 2449.
    /// While other tests fill and free its memory the system has now and then fewer of them: the least of some runs counts.
    @Test(.enabled(if: hasHugePages, "the system gives no huge pages")) func aFirstResultTakesFewPages() throws {
        let model = try OracleFolders.convSmall.get().path
        var faults: [Int] = []
        while faults.count < 8 && faults.min() ?? .max >= 2000 { faults.append(try Run(model).pageFaults) }
        let least = try #require(faults.min())
        #expect(least > 100 && least < 2000, "\(faults) page faults")
    }

    private static let hasHugePages: Bool = {
        let setting = (try? String(decoding: bytes(of: "/sys/kernel/mm/transparent_hugepage/enabled"), as: UTF8.self)) ?? "[never]"
        return !setting.contains("[never]")
    }()
}

import OpsinModels
import Testing

extension CommandTests.Speed {
    private static let short = ["--iters", "2", "--duration", "0"]

    @Test func benchJSONHasItsKeys() throws {
        let outcome = try opsin(["bench", Files.model, "--json", "--threads", "1,2", "--batch", "1,2", "--device", "cpu"] + Self.short)
        expectGood(outcome)
        #expect(outcome.lines.count == 1)
        let bench = try object(outcome)
        #expect(bench["schema_version"]?.int == 1 && bench["model"]?.string == Files.model)
        let runs = try #require(bench["runs"]?.array)
        #expect(runs.map { [$0["threads"]?.int, $0["batch"]?.int] } == [[1, 1], [1, 2], [2, 1], [2, 2]])
        for run in runs {
            for key in ["device", "precision", "threads", "batch", "load_ms", "first_run_ms", "latency_ms", "ops"] { #expect(run[key] != nil, "\(key)") }
            let latency = ["min", "median", "p90", "p99"].compactMap { run["latency_ms"]?[$0]?.double }
            #expect(latency.count == 4 && latency == latency.sorted() && latency[0] > 0)
            let ops = run["ops"]?.array ?? []
            #expect(ops.count >= 30)
            for key in ["name", "op", "ms", "gflops", "gbytes_per_s", "roof_share"] { #expect(ops.allSatisfy { $0[key] != nil }, "\(key)") }
        }
    }

    @Test func benchTablesAreAlignedAndFitATerminal() throws {
        let outcome = try opsin(["bench", Files.model, "--threads", "1,2", "--ops"] + Self.short)
        expectGood(outcome)
        #expect(outcome.lines.allSatisfy { $0.count <= 100 }, "\(outcome.lines.map(\.count).max() ?? 0)")
        #expect(outcome.lines.filter { $0.hasPrefix("cpu ") }.count == 2)
        #expect(outcome.lines.filter { $0.contains("layer") && $0.contains("roof") }.count == 2)
        #expect(outcome.lines.filter { $0.hasPrefix("sum ") }.count == 2)
        let plain = try opsin(["bench", Files.model, "--threads", "1,2"] + Self.short)
        expectGood(plain)
        #expect(Set(plain.lines.map(\.count)).count == 1 && plain.lines.count == 3, "\(plain.out)")
    }

    @Test func aWrongItemOfAListStopsBeforeAnyWork() throws {
        expectRefused(try opsin(["bench", Files.model, "--device", "cpu,gpu"]), exit: 2, "gpu")
        // What only the device can say comes when its turn comes; the rows before it stay.
        let outcome = try opsin(["bench", Files.model, "--precision", "fp32,fp16", "--device", "cpu"] + Self.short)
        #expect(outcome.exit == 3 && outcome.lines.count == 2 && outcome.complaint?.contains("fp16") ?? false)
    }

    @Test func peakIsMeasured() throws {
        let outcome = try opsin(["peak", "--json", "--threads", "1"], seconds: 120)
        expectGood(outcome)
        let peaks = try #require(try object(outcome)["peaks"]?.array)
        #expect(peaks.count == 1 && peaks.allSatisfy { $0.names == ["threads", "isa", "fp32_gflops", "bf16_gflops", "read_gbytes_per_s"] })
        #expect((peaks.first?["fp32_gflops"]?.double ?? 0) > 1 && (peaks.first?["read_gbytes_per_s"]?.double ?? 0) > 0.1)
        let table = try opsin(["peak"])
        expectGood(table)
        #expect(table.out.contains("fp32 GFLOP/s") && table.lines.allSatisfy { $0.count <= 100 })
    }
}

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
            for key in ["device", "precision", "threads", "batch", "load_ms", "first_run_ms", "latency_ms", "split_ms", "cold_ms", "noise", "peak", "ops"] {
                #expect(run[key] != nil, "\(key)")
            }
            let latency = ["min", "median", "p90", "p99"].compactMap { run["latency_ms"]?[$0]?.double }
            #expect(latency.count == 4 && latency == latency.sorted() && latency[0] > 0)
            let ops = run["ops"]?.array ?? []
            #expect(ops.count >= 30)
            for key in ["name", "op", "ms", "gflops", "gbytes_per_s", "roof_share"] { #expect(ops.allSatisfy { $0[key] != nil }, "\(key)") }
        }
    }

    @Test func latencyAloneMeasuresNothingElse() throws {
        let bench = try object(opsin(["bench", Files.model, "--json", "--latency", "--threads", "1"] + Self.short))
        let run = try #require(bench["runs"]?.array?.first)
        #expect((run["latency_ms"]?["min"]?.double ?? 0) > 0 && run["ops"]?.array?.isEmpty ?? false && run["peak"]?["gflops"]?.double == 0)
        let table = try opsin(["bench", Files.model, "--latency", "--threads", "1"] + Self.short)
        expectGood(table)
        #expect(table.lines.count == 2, "\(table.out)")
        expectRefused(try opsin(["bench", Files.model, "--latency", "--ops"]), exit: 2, "--latency")
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
        // Below each row where its time goes, indented.
        let rows = plain.lines.filter { !$0.hasPrefix("  ") }
        #expect(Set(rows.map(\.count)).count == 1 && rows.count == 3, "\(plain.out)")
        for note in ["  warm   upload ", "  cold   packing ", "  noise  "] { #expect(plain.lines.filter { $0.hasPrefix(note) }.count == 2) }
        #expect(plain.lines.allSatisfy { $0.count <= 100 }, "\(plain.out)")
    }

    @Test func aWrongItemOfAListStopsBeforeAnyWork() throws {
        expectRefused(try opsin(["bench", Files.model, "--device", "cpu,gpu"]), exit: 2, "gpu")
        // What only the device can say comes when its turn comes; the rows before it stay.
        let outcome = try opsin(["bench", Files.model, "--precision", "fp32,fp16", "--device", "cpu"] + Self.short)
        #expect(outcome.exit == 3 && outcome.lines.filter { !$0.hasPrefix("  ") }.count == 2 && outcome.complaint?.contains("fp16") ?? false)
    }

    @Test func streamsAreHeldAgainstCalls() throws {
        let arguments = ["bench", Files.model, "--streams", "2", "--iters", "5", "--duration", "0.05"]
        let outcome = try opsin(arguments + ["--in-flight", "3", "--json"])
        expectGood(outcome)
        let run = try #require(try object(outcome)["runs"]?.array?.first), ways = try #require(run["ways"]?.array)
        #expect(ways.compactMap { $0["streams"]?.int } == [0, 1, 1, 2, 2] && ways.compactMap { $0["in_flight"]?.int } == [1, 1, 3, 1, 3])
        for way in ways {
            let rates = way["frames_per_second"], best = rates?["best"]?.double ?? 0
            #expect(best > 0 && best >= rates?["median"]?.double ?? .infinity && rates?["rounds"]?.array?.count == 5 && way["processor_ms"]?.double ?? 0 > 0)
        }
        #expect(ways[0]["ratio"]?.double == 1)
        let table = try opsin(arguments + ["--threads", "1,2"])
        expectGood(table)
        #expect(table.lines.filter { $0.hasPrefix("blocking calls ") }.count == 2 && table.lines.filter { $0.hasPrefix("2 streams, 2 in flight ") }.count == 2)
        #expect(table.lines.allSatisfy { $0.count <= 100 }, "\(table.out)")
        expectRefused(try opsin(["bench", Files.model, "--streams", "65"]), exit: 2, "--streams is 65")
        expectRefused(try opsin(["bench", Files.model, "--streams", "2", "--in-flight", "17"]), exit: 2, "--in-flight 17")
        expectRefused(try opsin(["bench", Files.model, "--streams", "2", "--ops"]), exit: 2, "--streams goes with")
        expectRefused(try opsin(["bench", Files.model, "--in-flight", "2"]), exit: 2, "--in-flight is for --streams")
        expectRefused(try opsin(["bench", "--op", "conv2d", "--shape", "1,2,2,3", "--streams", "2"]), exit: 2, "not for --op")
    }

    @Test func peakIsMeasured() throws {
        let outcome = try opsin(["peak", "--json", "--threads", "1"], seconds: 120)
        expectGood(outcome)
        let peaks = try #require(try object(outcome)["peaks"]?.array)
        #expect(peaks.count == 1 && peaks.allSatisfy { $0.names == ["threads", "isa", "fp32_gflops", "bf16_gflops", "read_gbytes_per_s", "int8_gops"] })
        #expect((peaks.first?["int8_gops"]?.double ?? 0) > 1)
        #expect((peaks.first?["fp32_gflops"]?.double ?? 0) > 1 && (peaks.first?["read_gbytes_per_s"]?.double ?? 0) > 0.1)
        let table = try opsin(["peak"])
        expectGood(table)
        #expect(table.out.contains("fp32 GFLOP/s") && table.lines.allSatisfy { $0.count <= 100 })
    }

    @Test func peakOfAVulkanDevice() throws {
        guard try Self.hasVulkan() else { return }
        let outcome = try opsin(["peak", "--device", "vulkan", "--json"], seesGPUs: true, seconds: 120)
        expectGood(outcome)
        let peak = try #require(try object(outcome)["peaks"]?.array?.first)
        for key in ["fp32_gflops", "read_gbytes_per_s", "write_gbytes_per_s", "copy_gbytes_per_s", "dispatch_us", "submit_us"] {
            #expect((peak[key]?.double ?? 0) > 0, "\(key): \(outcome.out)")
        }
        let table = try opsin(["peak", "--device", "vulkan"], seesGPUs: true, seconds: 120)
        expectGood(table)
        #expect(table.out.contains("fp32 multiply-adds") && table.out.contains("cooperative matrix"))
    }

    /// Little time: what the heuristics choose is measured in any case; what is kept, if anything, is forgotten again.
    @Test func tunesAVulkanDevice() throws {
        guard try Self.hasVulkan() else { return }
        let folder = try TemporaryFolder(), cache = ["OPSIN_CACHE": folder.path]
        let outcome = try opsin(["tune", "--seconds", "0.2", "--json"], environment: cache, seesGPUs: true)
        expectGood(outcome)
        let found = try object(outcome), trials = try #require(found["trials"]?.array)
        #expect(trials.count >= 1 && trials.allSatisfy { ($0["ms"]?.double ?? 0) > 0 && ($0["runs"]?.int ?? 0) >= 3 })
        let isKept = found["file"]?.string != nil
        #expect(isKept == ((found["best"]?.int ?? 0) > 0))
        #expect(try opsin(["tune", "--forget"], environment: cache, seesGPUs: true).out == (isKept ? "forgotten\n" : "there was nothing\n"))
        let table = try opsin(["tune", "--seconds", "0"], environment: cache, seesGPUs: true)
        expectGood(table)
        #expect(table.out.contains("what the heuristics choose") && table.lines.first?.hasPrefix("vulkan:") == true)
        expectRefused(try opsin(["tune", "--seconds", "-1"], environment: cache, seesGPUs: true), exit: 2, "--seconds is -1.0")
        expectRefused(try opsin(["tune", "--device", "cpu"], environment: cache, seesGPUs: true), exit: 2, "only a Vulkan device is tuned")
    }

    private static func hasVulkan() throws -> Bool {
        try object(opsin(["devices", "--json"], seesGPUs: true)).array?.contains { $0["kind"]?.string == "vulkan" } ?? false
    }

    @Test func anOpAlone() throws {
        let devices = try Self.hasVulkan() ? "cpu,vulkan" : "cpu"
        let names = [
            "conv2d", "depthwise_conv2d", "linear", "attention", "windowed_attention", "matmul", "max_pool2d", "softmax", "layer_norm", "group_norm",
            "batch_norm", "slice", "activation",
        ]
        for name in names {
            let outcome = try opsin(["bench", "--op", name, "--shape", "1,9,6,32", "--device", devices, "--json"] + Self.short, seesGPUs: true)
            expectGood(outcome)
            let runs = try object(outcome)["runs"]?.array ?? []
            #expect(runs.count == devices.split(separator: ",").count && runs.allSatisfy { ($0["ops"]?.array?.count ?? 0) >= 1 }, "\(name)")
            // Both devices computed the same numbers.
            for run in runs.dropFirst() { #expect((run["difference"]?["relative"]?.double ?? 1) < 1e-4, "\(name): \(outcome.out)") }
        }
        expectGood(try opsin(["bench", "--op", "resize", "--shape", "1,9,7,3", "--method", "bicubic"] + Self.short))
        expectRefused(try opsin(["bench", "--op", "magic", "--shape", "1,2,2,3"]), exit: 2, "--op \"magic\" is unknown (expected activation, add")
        expectRefused(try opsin(["bench", "--op", "conv2d", "--shape", "1,2"]), exit: 2, "--shape is \"1,2\", expected N,H,W,C")
        expectRefused(try opsin(["bench", "--op", "conv2d", "--shape", "1,2,2,0"]), exit: 2, "each dimension must be at least 1")
        expectRefused(
            try opsin(["bench", "--op", "conv2d", "--shape", "1,2,2,3", "--kernel", "9", "--padding", "0"]), exit: 2, "larger than the padded 2x2 input")
        expectRefused(try opsin(["bench", "--op", "conv2d", "--shape", "1,2,2,3", "--kernel", "9223372036854775807"]), exit: 2, "expected 1 to 4096")
        expectRefused(try opsin(["bench", "--op", "conv2d", "--shape", "1,2,2,3", "--out-channels", "99999999999"]), exit: 2, "--out-channels")
        expectRefused(try opsin(["bench", "--op", "softmax", "--shape", "1,1,65536,65536"]), exit: 2, "too large to be measured")
        expectRefused(try opsin(["bench", "--op", "linear", "--shape", "1,1,1,68719476736"]), exit: 2, "too large to be measured")
        expectRefused(
            try opsin(["bench", "--op", "attention", "--shape", "1,1,9,32", "--key-value-heads", "9223372036854775807"]), exit: 2, "expected 1 to 1024")
        expectRefused(try opsin(["bench", Files.model, "--op", "conv2d", "--shape", "1,2,2,3"]), exit: 2, "a model's folder, or --op")
        expectRefused(try opsin(["bench"]), exit: 2, "a model's folder, or --op")
    }

    @Test func compareFlagsWhatGotSlower() throws {
        let folder = try TemporaryFolder()
        let arguments = ["bench", "--op", "linear", "--shape", "1,1,64,64", "--device", "cpu", "--threads", "1"] + Self.short
        let base = try opsin(arguments + ["--json"])
        expectGood(base)
        let model = try object(base)["model"]?.string ?? ""
        func written(_ milliseconds: String, _ name: String) throws -> String {
            let run = "{\"device\": \"cpu\", \"precision\": \"fp32\", \"threads\": 1, \"batch\": 1, \"latency_ms\": {\"median\": \(milliseconds)}, \"ops\": []}"
            return try folder.write("{\"schema_version\": 1, \"model\": \"\(model)\", \"runs\": [\(run)]}", to: name)
        }
        let fine = try opsin(arguments + ["--compare", written("1e6", "slow.json")])
        expectGood(fine)
        #expect(fine.out.contains("-100.0 %"))
        let lost = try opsin(arguments + ["--compare", written("1e-9", "fast.json")])
        #expect(lost.exit == 1 && lost.out.contains("<- slower") && lost.err.contains("% slower"), "\(lost.out)\(lost.err)")
        expectRefused(try opsin(arguments + ["--compare", "nowhere.json"]), exit: 1, "nowhere.json")
        let other = try opsin(arguments + ["--compare", folder.write("{}", to: "other.json")])
        #expect(other.exit == 2 && other.complaint?.contains("other.json: no output of") ?? false)
    }
}

import Foundation
import OpsinModels
import Testing

/// What people look at: the page of `bench --html`, and `doctor`.
@Suite(.enabled(if: Program.isThere, "needs the program, see theProgramIsBuilt")) struct SeeingTests {
    /// A browser of this machine that runs without a screen.
    static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first { FileManager.default.isExecutableFile(atPath: $0) }

    /// The document as it is after its scripts have run, and what the browser complained of.
    static func rendered(_ path: String, script: String = "") throws -> (document: String, complaints: String) {
        let process = Process(), output = Pipe(), errors = Pipe()
        process.executableURL = URL(fileURLWithPath: browser ?? "/nowhere")
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000", "--dump-dom", "file://\(path)",
        ]
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        // The complaints are few; the document may fill the pipe.
        let document = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (String(decoding: document, as: UTF8.self), String(decoding: complaints, as: UTF8.self))
    }

    private static func count(_ part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }

    private static func page(_ folder: TemporaryFolder) throws -> (path: String, text: String, ops: Int) {
        let path = folder.file("bench.html")
        let outcome = try opsin([
            "bench", Files.model, "--json", "--html", path, "--device", "cpu", "--precision", "fp32", "--threads", "1,2", "--iters", "3", "--duration", "0",
        ])
        expectGood(outcome)
        let ops = try object(outcome)["runs"]?.array?.reduce(0) { $0 + ($1["ops"]?.array?.count ?? 0) } ?? 0
        return (path, String(decoding: try bytes(of: path), as: UTF8.self), ops)
    }

    @Test func thePageHoldsEverythingItself() throws {
        let folder = try TemporaryFolder()
        let (_, text, ops) = try Self.page(folder)
        #expect(ops > 60 && Self.count("<circle class=\"dot", in: text) == ops && Self.count("<div class=\"bar", in: text) == ops)
        #expect(Self.count("<svg", in: text) == 2 && text.contains("prefers-color-scheme:dark"))
        for reference in ["http://", "https://", " src=", "<link", "@import", "url("] { #expect(!text.contains(reference), "\(reference)") }
        expectRefused(
            try opsin(["bench", "--op", "softmax", "--shape", "1,1,1,8", "--iters", "1", "--duration", "0", "--json", "--html", "/nowhere/page.html"])
                .withoutOutput, exit: 1,
            "/nowhere/page.html: cannot be written")
    }

    @Test(.enabled(if: browser != nil, "no Chromium is installed (Debian: chromium)"))
    func aBrowserShowsADotForEachOp() throws {
        let folder = try TemporaryFolder()
        let (path, text, ops) = try Self.page(folder)
        let (document, complaints) = try Self.rendered(path)
        #expect(Self.count("<circle class=\"dot", in: document) == ops)
        // The script's last line ran, so no line of it threw.
        #expect(document.contains("data-ready=\"yes\"") && !complaints.contains("Uncaught") && !complaints.contains("SyntaxError"), "\(complaints.suffix(400))")
        // Buttons work: sorting by time puts the costliest op first, zooming widens the line.
        let probe = """
            <script>
            const table = document.querySelector('table.sortable'), ms = [...table.tHead.rows[0].cells].findIndex(cell => cell.textContent === 'ms');
            table.tHead.rows[0].cells[ms].querySelector('button').click();
            const values = [...table.tBodies[0].rows].map(row => Number(row.cells[ms].dataset.v));
            document.querySelector('.zoom button[data-by="2"]').click();
            const line = document.querySelector('.line');
            document.documentElement.dataset.probe = [values.every((v, i) => !i || values[i - 1] >= v), line.style.width].join(' ');
            </script></body>
            """
        try folder.write(text.replacingOccurrences(of: "</body>", with: probe), to: "probed.html")
        #expect(try Self.rendered(folder.file("probed.html")).document.contains("data-probe=\"true 200%\""))
    }

    @Test func doctorLooksAtEverything() throws {
        let outcome = try opsin(["doctor", "--json"], seconds: 120)
        expectGood(outcome)
        let report = try object(outcome)
        #expect(report["schema_version"]?.int == 1 && report["can_run"]?.bool == true)
        let findings = report["findings"]?.array ?? []
        for topic in ["cpu", "nodes", "vulkan", "cache", "models", "codecs", "build"] {
            #expect(findings.contains { $0["topic"]?.string == topic }, "\(topic)")
        }
        #expect(findings.allSatisfy { ["ok", "note", "problem"].contains($0["status"]?.string) && !($0["text"]?.string ?? "").isEmpty })
        // A problem without advice helps nobody.
        #expect(findings.allSatisfy { $0["status"]?.string != "problem" || !($0["advice"]?.string ?? "").isEmpty })
        let table = try opsin(["doctor"], seconds: 120)
        #expect(table.exit == 0 && table.out.contains("Models can run here"))
    }

    @Test func doctorNamesWhatIsWrong() throws {
        let environment = [
            "VK_DRIVER_FILES": "/nowhere.json", "VK_ICD_FILENAMES": "/nowhere.json", "OPSIN_VK_DISABLE": "fp16,magic", "OPSIN_CACHE": "/proc/nowhere",
        ]
        let outcome = try opsin(["doctor"], environment: environment)
        #expect(outcome.exit == 0)
        for part in ["/nowhere.json", "OPSIN_VK_DISABLE names \"magic\", which is nothing", "known words: fp16, int8", "/proc/nowhere cannot be written"] {
            #expect(outcome.out.contains(part), "\(part): \(outcome.out)")
        }
        let dead = try opsin(["doctor", "--json"], environment: ["OPSIN_CPU_ISA": "sse9"])
        #expect(dead.exit == 3 && dead.out.contains("OPSIN_CPU_ISA is sse9") && dead.out.contains("\"can_run\": false"))
    }
}

extension Outcome {
    /// The same without its standard output, for runs that print results before they fail.
    fileprivate var withoutOutput: Outcome { Outcome(exit: exit, signal: signal, out: "", err: err) }
}

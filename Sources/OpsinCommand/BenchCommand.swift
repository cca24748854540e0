internal import ArgumentParser
internal import Opsin

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench", abstract: "How fast a model runs: load, first run, then many warm ones.")

    @Argument(help: ArgumentHelp("A timm or transformers folder.", valueName: "dir"))
    var model: String

    @Option(help: "Devices, separated by commas.")
    var device = "cpu"

    @Option(help: "Precisions, separated by commas.")
    var precision = "default"

    @Option(help: "Numbers of threads, separated by commas; 0 is the default.")
    var threads = "0"

    @Option(help: "Batch sizes, separated by commas.")
    var batch = "1"

    @Option(help: "At least this many warm runs.")
    var iters = 20

    @Option(help: "At least this many seconds of warm runs.")
    var duration = 1.0

    @Flag(help: "A table of the ops with their share of the machine's own peak.")
    var ops = false

    @Flag(help: "One JSON object.")
    var json = false

    @Flag(help: "No remarks.")
    var quiet = false

    mutating func run() throws {
        guard (1...10_000_000).contains(iters), duration >= 0, duration <= 3600 else {
            throw OpsinError(.argument, "--iters is \(iters) and --duration \(duration), expected 1 to 10000000 runs and 0 to 3600 seconds")
        }
        var runs: [Benchmark] = []
        for (runtime, session, batch) in try combinations() {
            var options = Benchmark.Options()
            (options.batch, options.iterations, options.seconds) = (batch, iters, duration)
            options.profiledRuns = ops || json ? 20 : 0
            let run = try Benchmark(runtime, path: model, session: session, options)
            runs.append(run)
            if !json { BenchTable(run: run, showsOps: ops).print(isFirst: runs.count == 1) }
        }
        if json { Terminal.line(Benchmark.jsonText(model: model, runs)) }
    }

    /// Everything to measure, devices outermost: all lists are read before the first run, which may take minutes.
    private func combinations() throws -> [(Runtime, Session.Options, batch: Int)] {
        let threads = try numbers(threads, "--threads"), batches = try numbers(batch, "--batch")
        var all: [(Runtime, Session.Options, batch: Int)] = []
        for device in try words(device, "--device") {
            var common = CommonOptions()
            (common.device, common.quiet) = (device, quiet)
            let runtime = try common.runtime()
            for precision in try words(precision, "--precision") {
                for threads in threads {
                    (common.precision, common.threads) = (precision, threads)
                    let session = try common.sessionOptions()
                    all += batches.map { (runtime, session, batch: $0) }
                }
            }
        }
        return all
    }

    private func words(_ text: String, _ name: String) throws(OpsinError) -> [String] {
        let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !words.contains("") else { throw OpsinError(.argument, "\(name) is \"\(text.prefix(40))\", expected names separated by commas") }
        return words
    }

    private func numbers(_ text: String, _ name: String) throws(OpsinError) -> [Int] {
        var values: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let value = Int(part), value >= 0 else {
                throw OpsinError(.argument, "\(name) is \"\(text.prefix(40))\", expected numbers separated by commas")
            }
            values.append(value)
        }
        return values
    }
}

/// The rows of one benchmark.
struct BenchTable {
    let run: Benchmark
    let showsOps: Bool

    func print(isFirst: Bool) {
        if isFirst || showsOps { Terminal.line("device  precision  threads  batch    load ms   first ms      min   median      p90      p99") }
        let latency = run.latency
        let cells = [
            run.report.device.kind.rawValue.column(7), run.report.precision.rawValue.column(10),
            (run.report.threads > 0 ? String(run.report.threads) : "-").right(7),
            String(run.batch).right(6), fixed(run.loadMilliseconds, 2).right(10), fixed(run.firstRunMilliseconds, 2).right(10),
            fixed(latency.min, 3).right(8), fixed(latency.median, 3).right(8), fixed(latency.p90, 3).right(8), fixed(latency.p99, 3).right(8),
        ]
        Terminal.line(cells.joined(separator: " "))
        if showsOps { printOps() }
    }

    private func printOps() {
        Terminal.line("")
        Terminal.line("\("layer".column(29)) \("op".column(15)) \("kernel".column(18))      ms  share GFLOP/s   GB/s  roof")
        let total = run.ops.reduce(0) { $0 + $1.milliseconds }
        for op in run.ops {
            let share = total > 0 ? op.milliseconds / total * 100 : 0
            let cells = [
                layer(op).columnKeepingEnd(29), op.op.column(15), kernel(op).column(18), fixed(op.milliseconds, 4).right(7),
                (fixed(share, 1) + "%").right(6), fixed(op.gflops, 1).right(7), fixed(op.gigabytesPerSecond, 1).right(6),
                (hasPeak ? fixed(op.roofShare(run.peak) * 100, 0) + "%" : "-").right(5),
            ]
            Terminal.line(cells.joined(separator: " "))
        }
        let (flops, bytes) = (fixed(run.peak.flops * 1e-9, 0), fixed(run.peak.bytes * 1e-9, 1))
        let roof = "; \(run.report.isa), measured peak here: \(flops) GFLOP/s, \(bytes) GB/s from memory"
        Terminal.line("sum \(fixed(total, 3)) ms\(hasPeak ? roof : "")\n")
    }

    /// Whether the device's roofs were measured.
    private var hasPeak: Bool { run.peak.flops > 0 }

    /// The layer's path; transformers' convolutions are told by the module around them.
    private func layer(_ op: OpProfile) -> String {
        let name = op.name.printable, suffix = ".convolution"
        return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    }

    /// The kernel's name without the instruction set, which is the same for all and stands below.
    private func kernel(_ op: OpProfile) -> String {
        let suffix = " " + run.report.isa
        return suffix.count > 1 && op.kernel.hasSuffix(suffix) ? String(op.kernel.dropLast(suffix.count)) : op.kernel
    }
}

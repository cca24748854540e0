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
        guard iters >= 1, duration >= 0, duration <= 3600 else { throw OpsinError(.argument, "--iters must be at least 1, --duration 0 to 3600 seconds") }
        var runs: [Benchmark] = []
        for device in device.split(separator: ",") {
            var common = CommonOptions()
            (common.device, common.quiet) = (String(device), quiet)
            let runtime = try common.runtime()
            for precision in precision.split(separator: ",") {
                for threads in try numbers(threads, "--threads") {
                    for batch in try numbers(batch, "--batch") {
                        (common.precision, common.threads) = (String(precision), threads)
                        var options = Benchmark.Options()
                        (options.batch, options.iterations, options.seconds) = (batch, iters, duration)
                        options.profiledRuns = ops || json ? 20 : 0
                        let run = try Benchmark(runtime, path: model, session: common.sessionOptions(), options)
                        runs.append(run)
                        if !json { BenchTable(run: run, showsOps: ops).print(isFirst: runs.count == 1) }
                    }
                }
            }
        }
        if json { Terminal.line(Benchmark.jsonText(model: model, runs)) }
    }

    private func numbers(_ text: String, _ name: String) throws(OpsinError) -> [Int] {
        var values: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let value = Int(part), value >= 0 else { throw OpsinError(.argument, "\(name) is \"\(text.prefix(40))\", expected numbers separated by commas") }
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
        if isFirst { Terminal.line("device  precision  threads  batch   load ms  first ms     min  median     p90     p99") }
        let latency = run.latency
        let cells = [
            run.report.device.kind.rawValue.column(7), run.report.precision.rawValue.column(10), String(run.report.threads).right(7),
            String(run.batch).right(6), fixed(run.loadMilliseconds, 2).right(9), fixed(run.firstRunMilliseconds, 2).right(9),
            fixed(latency.min, 3).right(7), fixed(latency.median, 3).right(7), fixed(latency.p90, 3).right(7), fixed(latency.p99, 3).right(7),
        ]
        Terminal.line(cells.joined(separator: " "))
        if showsOps { printOps() }
    }

    private func printOps() {
        Terminal.line("")
        Terminal.line("\("layer".column(34)) \("op".column(18)) \("kernel".column(22))       ms  share  GFLOP/s    GB/s   roof")
        let total = run.ops.reduce(0) { $0 + $1.milliseconds }
        for op in run.ops {
            let share = total > 0 ? op.milliseconds / total * 100 : 0
            let cells = [
                op.name.column(34), op.op.column(18), op.kernel.column(22), fixed(op.milliseconds, 4).right(8), (fixed(share, 1) + "%").right(6),
                fixed(op.gflops, 1).right(8), fixed(op.gigabytesPerSecond, 1).right(7), (fixed(op.roofShare(run.peak) * 100, 0) + "%").right(6),
            ]
            Terminal.line(cells.joined(separator: " "))
        }
        Terminal.line(
            "sum \(fixed(total, 3)) ms; measured peak here: \(fixed(run.peak.flops * 1e-9, 0)) GFLOP/s, \(fixed(run.peak.bytes * 1e-9, 1)) GB/s from memory\n")
    }
}

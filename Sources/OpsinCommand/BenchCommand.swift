internal import ArgumentParser
internal import Opsin

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench", abstract: "How fast a model runs: load, first run, then many warm ones.")

    @Argument(help: ArgumentHelp("A timm or transformers folder; left out with --op.", valueName: "dir"))
    var model: String?

    @Option(help: "Devices, separated by commas.")
    var device = "cpu"

    @Option(help: "Precisions, separated by commas.")
    var precision = "default"

    @Option(help: "Numbers of threads, separated by commas; 0 is the default.")
    var threads = "0"

    @Option(help: "Batch sizes, separated by commas.")
    var batch = "1"

    @Option(help: ArgumentHelp("Rows and columns of the input instead of the model's own.", valueName: "HxW"))
    var size: String?

    @Option(help: "At least this many warm runs.")
    var iters = 20

    @Option(help: "At least this many seconds of warm runs.")
    var duration = 1.0

    @Option(help: ArgumentHelp("Frames a second, pixels to answers, of this many streams over the model, beside blocking calls.", valueName: "n"))
    var streams: Int?

    @Option(help: ArgumentHelp("Frames of a stream that are worked on at the same time; with --streams.", valueName: "k"))
    var inFlight: Int?

    @Flag(help: "Only the latency of warm runs: nothing is said of ops, parts, cold costs and the machine's peak, which take many more runs.")
    var latency = false

    @Flag(help: "A table of the ops with their share of the machine's own peak.")
    var ops = false

    @Option(help: ArgumentHelp("Write one self-contained page: roofline, timeline, tables.", valueName: "file"))
    var html: String?

    @Option(help: ArgumentHelp("An earlier --json output: rows that lost more than 10 % are flagged, and the exit code is 1.", valueName: "file"))
    var compare: String?

    @OptionGroup(title: "One op alone")
    var opOptions: OpOptions

    @Flag(help: "One JSON object.")
    var json = false

    @Flag(help: "No remarks.")
    var quiet = false

    mutating func run() throws {
        guard (1...10_000_000).contains(iters), duration >= 0, duration <= 3600 else {
            throw OpsinError(.argument, "--iters is \(iters) and --duration \(duration), expected 1 to 10000000 runs and 0 to 3600 seconds")
        }
        guard !latency || (!ops && html == nil && compare == nil) else {
            throw OpsinError(.argument, "--latency measures no ops, which --ops, --html and --compare show")
        }
        let request = try opOptions.request()
        guard (model == nil) != (request == nil) else { throw OpsinError(.argument, "bench takes a model's folder, or --op and --shape") }
        if let streams { return try run(streams: streams, hasOp: request != nil) }
        guard inFlight == nil else { throw OpsinError(.argument, "--in-flight is for --streams") }
        // Read before minutes of measuring: a file that is not there must not cost them.
        let base = try compare.map { path throws(OpsinError) in try BenchComparison.read(path) }
        let name = model ?? request?.text ?? ""
        var runs: [Benchmark] = []
        for (runtime, session, batch) in try combinations(hasOp: request != nil) {
            var options = Benchmark.Options()
            (options.batch, options.iterations, options.seconds) = (batch, iters, duration)
            (options.inputHeight, options.inputWidth) = try inputSize(hasOp: request != nil)
            options.measuresLatencyAlone = latency
            options.profiledRuns = ops || json || html != nil || compare != nil || request != nil ? 20 : 0
            let run =
                try request.map { request throws(OpsinError) in try Benchmark(runtime, op: request, session: session, options) }
                ?? Benchmark(runtime, path: name, session: session, options)
            runs.append(run)
            if !json { BenchTable(run: run, showsOps: ops || request != nil, against: runs.count > 1 ? runs.first : nil).print(isFirst: runs.count == 1) }
        }
        if json { Terminal.line(Benchmark.jsonText(model: name, runs)) }
        if let html { try OutputFile.write(Benchmark.page(model: name, runs), to: html) }
        if let compare, let base { try report(BenchComparison(runs, against: base, path: compare)) }
    }

    /// Prints the rows that moved; to the error stream when JSON has the other.
    private func report(_ comparison: BenchComparison) throws {
        let lost = comparison.rows.filter(\.isLost)
        if !json {
            Terminal.line("\nrow                                                    before ms   now ms    change")
            for row in comparison.rows {
                let change = "\(row.loss > 0 ? "+" : "")\(fixed(row.loss * 100, 1)) %"
                let mark = row.isLost ? "  <- slower" : ""
                Terminal.line("\(row.name.printable.column(52)) \(fixed(row.before, 4).right(10)) \(fixed(row.now, 4).right(8)) \(change.right(9))\(mark)")
            }
        }
        for row in lost {
            Terminal.complain("\(row.name): \(fixed(row.before, 4)) ms before, \(fixed(row.now, 4)) ms now: \(fixed(row.loss * 100, 1)) % slower")
        }
        if !lost.isEmpty { throw InputsFailed() }
    }

    /// Everything to measure, devices outermost: all lists are read before the first run, which may take minutes.
    func combinations(hasOp: Bool) throws -> [(Runtime, Session.Options, batch: Int)] {
        let threads = try numbers(threads, "--threads"), batches = try numbers(batch, "--batch")
        // The first number of --shape is an op's batch.
        guard !hasOp || batches == [1] else { throw OpsinError(.argument, "--batch is for models, with --op the first number of --shape counts") }
        var all: [(Runtime, Session.Options, batch: Int)] = []
        for device in try words(device, "--device") {
            var common = CommonOptions()
            (common.device, common.quiet) = (device, quiet)
            let runtime = try common.runtime()
            for precision in try words(precision, "--precision") {
                for threads in threads {
                    (common.precision, common.threads) = (precision, threads)
                    var session = try common.sessionOptions()
                    if !hasOp { session.depthScale = opOptions.scale ?? 1 }
                    all += batches.map { (runtime, session, batch: $0) }
                }
            }
        }
        return all
    }

    /// `--size` as rows and columns; zeros for the model's own.
    private func inputSize(hasOp: Bool) throws(OpsinError) -> (Int, Int) {
        guard let size else { return (0, 0) }
        guard !hasOp else { throw OpsinError(.argument, "--size is for models, with --op --shape counts") }
        return try InputOptions.sides(size)
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

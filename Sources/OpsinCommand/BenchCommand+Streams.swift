internal import Opsin

extension BenchCommand {
    /// `bench --streams N`: frames a second instead of milliseconds a run.
    func run(streams: Int, hasOp: Bool) throws {
        guard !hasOp, let model else { throw OpsinError(.argument, "--streams is for models, not for --op") }
        guard !ops, html == nil, compare == nil, batch == "1" else {
            throw OpsinError(.argument, "--streams goes with --device, --precision, --threads, --size, --in-flight, --iters, --duration and --json only")
        }
        var options = StreamBenchmark.Options()
        (options.streams, options.frames, options.seconds) = (streams, iters, duration)
        if let inFlight { options.inFlight = inFlight }
        guard (1...64).contains(options.streams), (1...16).contains(options.inFlight) else {
            throw OpsinError(.argument, "--streams is \(options.streams) and --in-flight \(options.inFlight), expected 1 to 64 and 1 to 16")
        }
        var runs: [StreamBenchmark] = []
        for (runtime, var session, _) in try combinations(hasOp: false) {
            if let size { (session.inputHeight, session.inputWidth) = try InputOptions.sides(size) }
            let run = try StreamBenchmark(runtime, path: model, session: session, options)
            runs.append(run)
            if !json { show(run, rounds: options.rounds) }
        }
        if json { Terminal.line(StreamBenchmark.jsonText(model: model, runs)) }
    }

    private func show(_ run: StreamBenchmark, rounds: Int) {
        let report = run.report, threads = report.threads > 0 ? ", \(report.threads) thread\(report.threads == 1 ? "" : "s")" : ""
        let frames = "frames of \(run.frame.width) x \(run.frame.height)"
        Terminal.line("\(report.device.kind.rawValue) \(report.precision.rawValue)\(threads), \(frames), \(rounds) rounds of all ways")
        Terminal.line("\("".column(26))    best/s  median/s  to calls  CPU ms a frame")
        let calls = run.ways.first?.best ?? 0
        for way in run.ways {
            let cells = [
                fixed(way.best, 1).right(9), fixed(way.median, 1).right(9), "\(fixed(calls > 0 ? way.best / calls : 0, 2)) x".right(9),
                fixed(way.processorMilliseconds.min() ?? 0, 2).right(15),
            ]
            Terminal.line("\(way.name.column(26)) \(cells.joined(separator: " "))")
        }
    }
}

internal import Opsin

/// The rows of one benchmark.
struct BenchTable {
    let run: Benchmark
    let showsOps: Bool
    /// The run that outputs are held against.
    let against: Benchmark?

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
        // Nothing of the parts is known after --latency.
        if run.peak.flops > 0 { printParts() }
        if showsOps { printOps() }
    }

    /// Where the time goes, what a first run costs, how far to trust it all.
    private func printParts() {
        let split = run.split
        let parts = [("upload", split.upload), ("compute", split.compute), ("readback", split.readback), ("host", split.host)]
        Terminal.line(
            "  warm   " + parts.map { "\($0) \(fixed($1, 3))" }.joined(separator: " + ")
                + " ms\(run.report.device.kind == .vulkan && split.isHostBound ? " (host-bound)" : "")")
        let cold = run.cold
        let pipelines = cold.pipelinesWithoutCache.map { "\(fixed($0, 1))" + (cold.pipelinesWithCache.map { " (\(fixed($0, 1)) from the cache)" } ?? "") }
        let costs = [
            ("instance", cold.instance.map { fixed($0, 1) }), ("device", cold.device.map { fixed($0, 1) }), ("pipelines", pipelines),
            ("weights", cold.weights.map { fixed($0, 1) }), ("packing", cold.packing.map { fixed($0, 1) }), ("run", cold.run.map { fixed($0, 1) }),
        ]
        Terminal.line("  cold   " + costs.compactMap { name, value in value.map { "\(name) \($0)" } }.joined(separator: ", ") + " ms")
        Terminal.line("  noise  " + run.noise.text)
        if let difference = against.flatMap({ run.difference(from: $0) }) {
            Terminal.line(
                "  output within \(scientific(difference.largest)) of \(difference.against)'s, \(scientific(difference.relative)) of its largest value")
        }
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
                (fixed(op.roofShare(run.peak) * 100, 0) + "%").right(5),
            ]
            Terminal.line(cells.joined(separator: " "))
        }
        let unit = run.report.precision == .int8 ? "GOP/s of int8" : "GFLOP/s"
        let roof = "\(fixed(run.peak.flops * 1e-9, 0)) \(unit), \(fixed(run.peak.bytes * 1e-9, 1)) GB/s from memory"
        let parts = ["sum \(fixed(total, 3)) ms", run.report.isa, "measured peak here: \(roof)"]
        Terminal.line(parts.filter { !$0.isEmpty }.joined(separator: "; ") + "\n")
    }

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

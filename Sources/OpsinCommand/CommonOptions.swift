internal import ArgumentParser
internal import Opsin

/// What every command that runs a model takes.
struct CommonOptions: ParsableArguments {
    @Option(help: "auto, cpu, vulkan, vulkan:N or vulkan:UUID.")
    var device = "auto"

    @Option(help: "default (fp32 everywhere), auto (the fastest that passed its self-test), fp32, fp16, bf16, or int8 for a quantised folder.")
    var precision = "default"

    @Option(parsing: .unconditional, help: "Threads of the CPU; 0 is one per physical core, at most 8.")
    var threads = 0

    @Option(help: ArgumentHelp("Write what really ran as JSON.", valueName: "file"))
    var report: String?

    @Flag(help: "One JSON object a line.")
    var json = false

    @Flag(help: "No progress, no remarks.")
    var quiet = false
}

extension CommonOptions {
    func runtime() throws(OpsinError) -> Runtime {
        var options = Runtime.Options()
        options.device = try DeviceSelection(parsing: device)
        let runtime = try Runtime(options)
        if !quiet {
            for fallback in runtime.fallbacks { Terminal.complain("\(fallback.what): running on the CPU, because \(fallback.reason)") }
        }
        return runtime
    }

    func sessionOptions() throws(OpsinError) -> Session.Options {
        var options = Session.Options()
        guard let precision = Precision(rawValue: precision) else {
            throw OpsinError(
                .argument, "precision \"\(self.precision.prefix(40))\" is unknown (expected \(Precision.allCases.map(\.rawValue).joined(separator: ", ")))")
        }
        (options.precision, options.threads) = (precision, threads)
        return options
    }

    /// Writes `--report FILE` when it was asked for.
    func writeReport(_ report: Report, _ timings: Timings) throws(OpsinError) {
        guard let path = self.report else { return }
        try OutputFile.write(report.jsonText(timings: timings) + "\n", to: path)
    }
}

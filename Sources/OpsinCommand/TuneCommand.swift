internal import ArgumentParser
internal import Opsin

struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune", abstract: "Tries which kernels are fastest on this GPU and keeps what beats the heuristics.",
        discussion: "Results stay the same whichever kernels run. What is found is kept beside the pipeline cache, for this driver and this version of Opsin.")

    @Argument(help: ArgumentHelp("The model that is measured; without it the one of classify.", valueName: "dir"))
    var model: String?

    @Option(help: "vulkan, vulkan:N or vulkan:UUID.")
    var device = "vulkan"

    @Option(help: "default, auto, fp32 or fp16.")
    var precision = "default"

    @Option(parsing: .unconditional, help: "About how long it may take; a trial that has begun is ended.")
    var seconds = 30.0

    @Flag(help: "Remove what was found before.")
    var forget = false

    @Flag(help: "One JSON object.")
    var json = false

    mutating func run() throws {
        let selection = try DeviceSelection(parsing: device)
        guard !forget else { return Terminal.line(try Tuning.forget(selection) ? "forgotten" : "there was nothing") }
        guard seconds.isFinite, (0...86_400).contains(seconds) else { throw OpsinError(.argument, "--seconds is \(seconds), expected 0 to 86400") }
        guard let precision = Precision(rawValue: precision) else { throw OpsinError(.argument, "precision \"\(self.precision.prefix(40))\" is unknown") }
        let found = try Tuning.run(selection, model: model, precision: precision, seconds: seconds)
        guard !json else { return Terminal.line(found.jsonText) }
        Terminal.line("\(found.device.id)  \(found.device.name)\n")
        for (index, trial) in found.trials.enumerated() {
            let note = index == 0 ? "  what the heuristics choose" : ""
            Terminal.line("\(index == found.best ? "*" : " ") \(trial.name.column(36)) \(fixed(trial.milliseconds, 3).right(10)) ms, \(trial.runs) runs\(note)")
        }
        if found.untried > 0 { Terminal.line("\(found.untried) choices were not tried: --seconds \(fixed(seconds * 2, 0)) gives them time") }
        Terminal.line(found.path.map { "kept in \($0)" } ?? "nothing is faster by 3 %: the heuristics stand")
    }
}

internal import ArgumentParser
internal import Opsin

struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "info", abstract: "What a model is and needs.")

    @Argument(help: ArgumentHelp("A timm or transformers folder; without it the default classifier.", valueName: "dir"))
    var model: String?

    @Flag(help: "One JSON object.")
    var json = false

    mutating func run() throws {
        // Nothing runs, so no GPU is opened.
        var options = Runtime.Options()
        options.device = .cpu
        let runtime = try Runtime(options)
        let model = try self.model.map { path throws(OpsinError) in try Model(runtime, path: path) } ?? Model(runtime, defaultFor: .classify)
        let info = try model.info()
        guard !json else { return Terminal.line(info.jsonText) }
        let rows: [(String, String)] = [
            ("architecture", info.architecture.printable),
            ("task", info.task.rawValue),
            ("parameters", "\(grouped(info.parameters))"),
            ("input", "\(info.inputHeight) x \(info.inputWidth) (height x width)"),
            ("labels", "\(info.labels)"),
            ("operations", "\(fixed(Double(info.flops) / 1e9, 3)) GFLOP an image"),
            ("weights", mebibytes(info.weightsBytes)),
            ("activations", "\(mebibytes(info.activationsBytes)) (largest live set \(mebibytes(info.liveActivationsBytes)))"),
            ("peak", mebibytes(info.peakBytes)),
        ]
        for (name, value) in rows { Terminal.line("\(name.column(13)) \(value)") }
    }

    private func mebibytes(_ bytes: Int) -> String { "\(fixed(Double(bytes) / 1_048_576, 2)) MiB" }

    /// Digits in groups of three.
    private func grouped(_ value: Int) -> String {
        var out = ""
        for (index, digit) in String(value).reversed().enumerated() { out = String(digit) + (index > 0 && index % 3 == 0 ? "," : "") + out }
        return out
    }
}

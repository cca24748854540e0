internal import ArgumentParser
internal import Opsin

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Holds a run against expected tensors, or against the CPU's fp32, layer by layer.",
        discussion:
            "With --expected the tensors of that file are compared; its pixel_values, or --image, is the input. Without it the model runs on the CPU in fp32 and as --device and --precision say, and every module's output is compared. Exit 1 when it diverges."
    )

    @Argument(help: ArgumentHelp("A timm or transformers folder.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("A safetensors file with what the reference gave.", valueName: "file"))
    var expected: String?

    @Option(help: ArgumentHelp("A photo; without it a fixed pattern.", valueName: "file"))
    var image: String?

    @Option(help: "Largest difference that passes, over the largest expected magnitude; by default 1e-4 for fp32, 0.05 for fp16, 0.25 for bf16, 0.5 for int8.")
    var tolerance: Double?

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        let opened = try Model(common.runtime(), path: model)
        let options = try common.sessionOptions()
        let session = try Session(opened, options)
        let limit = tolerance ?? Self.tolerance(session.precision)
        let (verification, report, run) =
            try expected.map { path throws(OpsinError) in try against(path, opened, options, limit) } ?? againstCPU(opened, options, limit)
        var timings = Timings()
        timings.run = run
        try common.writeReport(report, timings)
        if common.json { Terminal.line(verification.jsonText) } else { print(verification, session.precision, report) }
        // What ran elsewhere than asked was not verified there; the runtime's own fallbacks have been told.
        for fallback in report.fallbacks.dropFirst(opened.runtime.fallbacks.count) { Terminal.complain("\(fallback.what): \(fallback.reason)") }
        guard verification.holds else { throw InputsFailed() }
    }

    /// About four times what right implementations differ by on the networks that round most.
    private static func tolerance(_ precision: Precision) -> Double {
        switch precision {
        case .bf16: 0.25
        case .int8: 0.5
        case .fp16: 0.05
        default: 1e-4
        }
    }

    /// For object queries, whose boxes each layer refines from where the last one ended: what the oracle's case of DEIMv2 allows.
    private static let refinedTolerance = 1e-3

    /// What was compared, and what ran for how many milliseconds.
    private typealias Answer = (Verification, Report, Double)

    private func against(_ path: String, _ opened: Model, _ options: Session.Options, _ limit: Double) throws(OpsinError) -> Answer {
        let tensors = try TensorFile.read(path)
        let input: Tensor
        if let image {
            input = try opened.preprocess(Image(path: image)).tensor
        } else if let stored = tensors.first(where: { $0.name == "pixel_values" }) {
            input = stored
        } else {
            throw OpsinError(.argument, "\(path) has no pixel_values, so --image is needed")
        }
        let expected = tensors.filter { $0.name != "pixel_values" }
        guard !expected.isEmpty else { throw OpsinError(.io, "\(path): holds nothing to compare, expected outputs of the model beside pixel_values") }
        var options = options
        options.exposesLayers = tensors.contains { $0.name.hasPrefix("sample.") }
        // Modules that were stored whole come out of the fused graph, as `run --features` gave them.
        let layers = Set(try opened.layerNames())
        if !options.exposesLayers { options.features = expected.map(\.name).filter(layers.contains) }
        let (outputs, run, report) = try Session(opened, options).run(tensors: [input])
        return (Verification(expected: try opened.inNetworkOrder(expected), found: outputs + outputs.map { $0.sample() }, tolerance: limit), report, run)
    }

    private func againstCPU(_ opened: Model, _ options: Session.Options, _ limit: Double) throws(OpsinError) -> Answer {
        let input: Tensor
        if let image { input = try opened.preprocess(Image(path: image)).tensor } else { input = try opened.patternInput() }
        var referenceOptions = Session.Options()
        referenceOptions.exposesLayers = true
        var options = options
        // Fused, but with every module's output kept: what a run really computes.
        options.features = try opened.moduleOutputs()
        var cpu = Runtime.Options()
        cpu.device = .cpu
        let reference = try Model(Runtime(cpu), path: opened.path)
        let (expected, _, _) = try Session(reference, referenceOptions).run(tensors: [input])
        let (found, run, report) = try Session(opened, options).run(tensors: [input])
        let names = Set(found.map(\.name))
        let verification = Verification(
            expected: try opened.inNetworkOrder(expected.filter { names.contains($0.name) }), found: found, tolerance: limit, chosen: try opened.chosenRows(),
            chosenTolerance: tolerance == nil ? max(limit, Self.refinedTolerance) : nil)
        return (verification, report, run)
    }

    private func print(_ verification: Verification, _ precision: Precision, _ report: Report) {
        Terminal.line("\("tensor".column(34))      max     mean  max/|max|")
        for row in verification.rows {
            let mark = row.isWithin ? "" : "  <- too far"
            Terminal.line(
                "\(row.name.printable.columnKeepingEnd(34)) \(scientific(row.largest).right(8)) \(scientific(row.mean).right(8))   \(scientific(row.relative).right(8))\(mark)"
            )
        }
        if let choice = verification.choice {
            Terminal.line("rows that the network chose: \(choice.pairs.count) of \(choice.count) in both runs, \(choice.moved) elsewhere; compared row by row")
        }
        let verdict = verification.firstDivergence.map { "diverges, first at \($0.name.printable)" } ?? "equal"
        Terminal.line(
            "\(precision.rawValue): \(verdict) (tolerance \(scientific(verification.tolerance))) on \(String(report.device.name.prefix(50)).printable)")
    }
}

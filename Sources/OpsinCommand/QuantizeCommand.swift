internal import ArgumentParser
internal import Opsin

struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "A model folder in bytes, its ranges taken from photos; it opens as the first one does, and runs with --precision int8.",
        discussion:
            "Weights become whole numbers with a scale an output, activations bytes in the ranges that they take on the photos of --images. What that costs is measured on the photos of --check (by default the same), printed, and written beside the weights as quantization_report.json and .html."
    )

    @Argument(help: ArgumentHelp("A timm or transformers folder.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("The folder of photos to take ranges from.", valueName: "dir"))
    var images: String

    @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The folder to write; by default the model's name with -int8.", valueName: "dir"))
    var output: String?

    @Option(help: ArgumentHelp("The folder of photos to measure the loss on.", valueName: "dir"))
    var check: String?

    @Option(help: "minmax, percentile (without the outermost 0.01 %) or mse (least squares).")
    var calibration = Quantizer.Calibration.mse.rawValue

    @Option(parsing: .unconditional, help: "Outputs that share a scale: 1, 4, 8 or 16.")
    var group = 1

    @Option(parsing: .unconditional, help: "Threads of the CPU; 0 is one per physical core, at most 8.")
    var threads = 0

    @Flag(help: "The report as one JSON object.")
    var json = false

    @Flag(help: "No progress, no remarks.")
    var quiet = false

    mutating func run() throws {
        guard let method = Quantizer.Calibration(rawValue: calibration) else {
            let known = Quantizer.Calibration.allCases.map(\.rawValue).joined(separator: ", ")
            throw OpsinError(.argument, "calibration \"\(calibration.prefix(40))\" is unknown (expected \(known))")
        }
        var options = Quantizer.Options()
        (options.calibration, options.group, options.threads) = (method, group, threads)
        var runtimeOptions = Runtime.Options()
        runtimeOptions.device = .cpu
        let opened = try Model(Runtime(runtimeOptions), path: model)
        var quantizer = try Quantizer(opened, options)
        let photos = try DetectionEvaluation.photos(in: images).map { "\(images)/\($0.name)" }
        let checked = try check.map { folder in try DetectionEvaluation.photos(in: folder).map { "\(folder)/\($0.name)" } } ?? photos
        var progress = Progress(total: photos.count + checked.count, quiet: quiet)
        for photo in photos {
            try quantizer.observe(Image(path: photo))
            progress.step()
        }
        let folder = output ?? defaultOutput
        try quantizer.write(to: folder)
        var comparison = try quantizer.comparison(with: folder)
        for photo in checked {
            try comparison.add(Image(path: photo))
            progress.step()
        }
        let report = comparison.report
        try OutputFile.write(report.jsonText + "\n", to: folder + "/quantization_report.json")
        try OutputFile.write(report.page, to: folder + "/quantization_report.html")
        guard !json else { return Terminal.line(report.jsonText) }
        for line in report.lines { Terminal.line(line.printable) }
        Terminal.line("\(folder.printable): written; run it with --model \(folder.printable) --precision int8")
    }

    /// `model` becomes `model-int8`.
    private var defaultOutput: String {
        var name = model
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        return name + "-int8"
    }
}

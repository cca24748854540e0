internal import ArgumentParser
internal import Opsin

struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "classify", abstract: "What is on a photo.")

    @Argument(help: ArgumentHelp("JPEG, PNG, WebP, BMP, PPM or PGM files.", valueName: "image"))
    var images: [String]

    @Option(help: ArgumentHelp("A timm or transformers folder; without it the model that ships with Opsin.", valueName: "dir"))
    var model: String?

    @Option(parsing: .unconditional, help: "At most this many labels a photo; 0 is all.")
    var topK = 5

    @Option(parsing: .unconditional, help: "Only labels with a score above this.")
    var threshold: Float = 0

    @Option(help: ArgumentHelp("Write each photo with its labels into this folder, as STEM.classify.jpg.", valueName: "dir"))
    var save: String?

    @OptionGroup var input: InputOptions

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        var options = TaskOptions()
        guard topK >= 0 else { throw OpsinError(.argument, "--top-k is \(topK), expected 0 or more") }
        (options.topK, options.threshold) = (topK, threshold)
        var pictures = try save.map { folder throws(OpsinError) in try SavedPictures(folder: folder) }
        try ImageTask(.classify, model: model, input: input, common: common).run(
            images, options, needsPixels: pictures != nil,
            keep: { (result: TaskResult, image: Image?, path: String) throws(OpsinError) in
                if let image { try pictures?.save(result, on: image, from: path, DrawOptions()) }
            },
            show: { ClassTable(image: $1, result: $0).print() })
    }
}

/// A photo's labels with their scores as bars.
struct ClassTable {
    let image: String
    let result: TaskResult

    func print() {
        let width = min(max(result.classes.map(\.label.count).max() ?? 0, 12), 44)
        Terminal.line(
            "\(image.printable)  \(result.imageWidth) x \(result.imageHeight)  \(fixed(result.timings.total, 1)) ms on \(result.report.device.kind.rawValue)")
        if result.classes.isEmpty { Terminal.line("  nothing above the threshold") }
        for item in result.classes {
            Terminal.line("  \(item.label.printable.column(width))  \(fixed(Double(item.score) * 100, 1).right(5)) %  \(bar(item.score))")
        }
    }
}

/// Twenty cells, filled to an eighth of one, for a share of 0 to 1.
func bar(_ share: Float) -> String {
    let eighths = Int((min(max(share, 0), 1) * 160).rounded())
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let text = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    return Terminal.usesColor ? "\u{1B}[36m\(text)\u{1B}[0m" : text
}

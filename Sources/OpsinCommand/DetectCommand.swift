internal import ArgumentParser
internal import Opsin

struct DetectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "detect", abstract: "Which objects are on a photo, and where.")

    @Argument(help: ArgumentHelp("JPEG, PNG, WebP, BMP, PPM or PGM files.", valueName: "image"))
    var images: [String]

    @Option(help: ArgumentHelp("A transformers folder of a detector; without it the model that ships with Opsin.", valueName: "dir"))
    var model: String?

    @OptionGroup var objects: ObjectOptions

    @Option(help: ArgumentHelp("Write each photo with its boxes into this folder, as STEM.detect.jpg.", valueName: "dir"))
    var save: String?

    @OptionGroup var input: InputOptions

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        let options = try objects.taskOptions()
        var pictures = try save.map { folder throws(OpsinError) in try SavedPictures(folder: folder) }
        let task = ImageTask(.detect, model: model, input: input, common: common)
        try task.run(
            images, options, needsPixels: pictures != nil,
            keep: { (result, image, path) throws(OpsinError) in
                if let image { try pictures?.save(result, on: image, from: path, DrawOptions()) }
            },
            show: { DetectionTable(image: $1, result: $0).print() })
    }
}

/// Which objects are wanted.
struct ObjectOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Only objects with a score above this; without it the model's own (0.4 for the one that ships).")
    var threshold: Float?

    @Option(parsing: .unconditional, help: ArgumentHelp("At most this many objects a photo; 0 is 100.", valueName: "n"))
    var max = 0

    @Option(help: ArgumentHelp("Only these labels, names or numbers separated by commas.", valueName: "names"))
    var allow: String?

    @Option(help: ArgumentHelp("Not these labels.", valueName: "names"))
    var deny: String?

    @Flag(help: "Boxes may reach beyond the photo.")
    var noClip = false

    /// The options as the library takes them.
    func taskOptions() throws(OpsinError) -> TaskOptions {
        var options = TaskOptions()
        guard max >= 0 else { throw OpsinError(.argument, "--max is \(max), expected 0 or more") }
        if let threshold, !(threshold <= 1) { throw OpsinError(.argument, "--threshold is \(threshold), expected at most 1") }
        (options.threshold, options.maximumCount, options.clipsBoxes) = (threshold, max, !noClip)
        func names(_ list: String?) -> Set<String> { Set((list ?? "").split(separator: ",").map { String($0).trimmed }) }
        (options.allow, options.deny) = (names(allow), names(deny))
        return options
    }
}

extension String {
    /// Without blanks at either end.
    fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}

/// A photo's objects: label, score, box.
struct DetectionTable {
    let image: String
    let result: TaskResult

    func print() {
        let found = result.detections
        let width = min(Swift.max(found.map(\.label.count).max() ?? 0, 12), 44)
        Terminal.line(
            "\(image.printable)  \(result.imageWidth) x \(result.imageHeight)  \(fixed(result.timings.total, 1)) ms on \(result.report.device.kind.rawValue)")
        if found.isEmpty { Terminal.line("  nothing above the threshold") }
        for item in found {
            let box = [item.box.x0, item.box.y0, item.box.x1, item.box.y1].map { fixed(Double($0), 0).right(5) }.joined(separator: " ")
            Terminal.line("  \(item.label.printable.column(width))  \(fixed(Double(item.score) * 100, 1).right(5)) %  \(box)")
        }
    }
}

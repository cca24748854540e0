internal import ArgumentParser
internal import Opsin

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "How well a detector finds what people marked on photos, counted as COCO does.")

    @Argument(help: ArgumentHelp("A folder of a detector.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("The folder of the photos.", valueName: "dir"))
    var images: String

    @Option(
        help: ArgumentHelp(
            "The folder of text files, STEM.txt for a photo STEM.jpg: a line an object, its class, centre x y, width, height as shares.", valueName: "dir"))
    var labels: String

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        let model = try Model(common.runtime(), path: model)
        guard model.task == .detect else { throw OpsinError(.unsupported, "\(model.path): a model to \(model.task.rawValue), expected one to detect") }
        let session = try Session(model, common.sessionOptions())
        let photos = try DetectionEvaluation.photos(in: images)
        var evaluation = DetectionEvaluation()
        var progress = Progress(total: photos.count, quiet: common.quiet)
        var last: TaskResult?
        for photo in photos {
            let result = try session.run(Image(path: "\(images)/\(photo.name)"), DetectionEvaluation.taskOptions)
            try evaluation.add(result, marked: "\(labels)/\(photo.stem).txt", classCount: model.labels.count)
            last = result
            progress.step()
        }
        if let last { try common.writeReport(last.report, last.timings) }
        let scores = evaluation.scores
        guard !common.json else { return Terminal.line(scores.jsonText) }
        Terminal.line("\(scores.images) photos, \(scores.objects) objects of \(scores.classes) classes")
        for (name, value, meaning) in [
            ("AP", scores.averagePrecision, "precision at overlaps of 0.50 to 0.95"), ("AP50", scores.averagePrecision50, "at 0.50"),
            ("AP75", scores.averagePrecision75, "at 0.75"), ("AR100", scores.averageRecall100, "recall with 100 objects a class"),
        ] {
            Terminal.line("  \(name.column(6))\(fixed(value, 4))  \(meaning)")
        }
    }
}

internal import ArgumentParser
internal import Opsin

struct SegmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "segment", abstract: "Which pixel of a photo belongs to what.")

    @Argument(help: ArgumentHelp("JPEG, PNG, WebP, BMP, PPM or PGM files.", valueName: "image"))
    var images: [String]

    @Option(help: ArgumentHelp("A folder of a segmentation model; without it the model that ships with Opsin.", valueName: "dir"))
    var model: String?

    @Option(
        help: ArgumentHelp("Write the label of each pixel as a PNG: 8 bits with VOC's palette, 16 when labels need them. For one photo.", valueName: "file"))
    var mask: String?

    @Option(help: ArgumentHelp("Write the mask over each photo, and photo and mask side by side, as JPEG files with a legend.", valueName: "dir"))
    var save: String?

    @Option(help: "model (as its recipe squashes or crops) or whole (the whole photo, its aspect kept).")
    var fit = "model"

    @Flag(help: "Find connected regions: their boxes, and with --json their outlines.")
    var regions = false

    @Flag(help: "With --json: each label's pixels as COCO's run-length encoding.")
    var rle = false

    @OptionGroup var input: InputOptions

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        var options = TaskOptions()
        guard let fit = TaskOptions.Fit(rawValue: fit) else { throw OpsinError(.argument, "--fit is \"\(fit.prefix(40))\", expected model or whole") }
        if let mask {
            guard images.count == 1 else { throw OpsinError(.argument, "--mask names one file, expected one photo, found \(images.count)") }
            guard mask.lowercased().hasSuffix(".png") else { throw OpsinError(.argument, "--mask \(mask.prefix(200)): expected a name that ends in .png") }
        }
        (options.fit, options.wantsRegions) = (fit, regions)
        let mask = mask, runs = rle
        var pictures = try save.map { folder throws(OpsinError) in try SavedPictures(folder: folder) }
        try ImageTask(.segment, model: model, input: input, common: common).run(
            images, options, needsPixels: pictures != nil,
            keep: { (result: TaskResult, image: Image?, path: String) throws(OpsinError) in
                if let mask { try result.segmentation?.write(to: mask) }
                if let image { try pictures?.saveMask(result, on: image, from: path) }
            },
            json: { $0.jsonText(image: $1, runLengths: runs) },
            show: { SegmentTable(image: $1, result: $0).print() })
    }
}

extension SavedPictures {
    /// The mask over the photo, and beside it.
    fileprivate mutating func saveMask(_ result: TaskResult, on image: Image, from path: String) throws(OpsinError) {
        var options = DrawOptions()
        options.showsLegend = true
        try save(result, on: image, from: path, options)
        options.style = .map
        try write(image.beside(result.draw(on: image, options)), from: path, "segment-beside")
    }
}

/// A photo's labels with their shares as bars, and its regions.
struct SegmentTable {
    let image: String
    let result: TaskResult

    func print() {
        guard let segmentation = result.segmentation else { return }
        let width = min(max(segmentation.segments.map(\.label.count).max() ?? 0, 12), 44)
        Terminal.line(
            "\(image.printable)  \(result.imageWidth) x \(result.imageHeight)  \(fixed(result.timings.total, 1)) ms on \(result.report.device.kind.rawValue)")
        for item in segmentation.segments {
            Terminal.line("  \(item.label.printable.column(width))  \(fixed(item.share * 100, 1).right(5)) %  \(bar(Float(item.share)))")
        }
        for region in segmentation.regions {
            let box = [region.box.x0, region.box.y0, region.box.x1, region.box.y1].map { fixed(Double($0), 0) }.joined(separator: ", ")
            Terminal.line("  \(region.label.printable.column(width))  \(region.pixels) pixels at [\(box)]")
        }
    }
}

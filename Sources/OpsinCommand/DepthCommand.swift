internal import ArgumentParser
internal import Opsin

struct DepthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "depth", abstract: "How far away each pixel of a photo is.")

    @Argument(help: ArgumentHelp("JPEG, PNG, WebP, BMP, PPM or PGM files.", valueName: "image"))
    var images: [String]

    @Option(help: ArgumentHelp("A transformers folder of a depth model; without it the model that ships with Opsin.", valueName: "dir"))
    var model: String?

    @Option(help: ArgumentHelp("Write one photo's map: .npy or .pfm (float32), or a 16-bit .png stretched over its range.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Draw each photo's map in colours with their scale, as STEM.depth.png in this folder.", valueName: "dir"))
    var save: String?

    @Option(help: "Colours of --save: gray, viridis, inferno, magma, turbo or spectral.")
    var colormap = "inferno"

    @Option(parsing: .unconditional, help: "Value at the near end of the colours and of a PNG; without it the map's own.")
    var near: Float?

    @Option(parsing: .unconditional, help: "Value at the far end.")
    var far: Float?

    @Option(help: ArgumentHelp("Write one photo's metric depth as a coloured point cloud; needs --focal.", valueName: "file.ply"))
    var pointCloud: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Focal length of the camera in pixels of the photo, for --point-cloud.", valueName: "pixels"))
    var focal: Double?

    @OptionGroup var scaleOption: ScaleOption

    @OptionGroup var input: InputOptions

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        guard let colors = DrawOptions.ColorMap(rawValue: colormap) else {
            let known = DrawOptions.ColorMap.allCases.map(\.rawValue).joined(separator: ", ")
            throw OpsinError(.argument, "--colormap is \"\(colormap.prefix(40))\", expected \(known)")
        }
        try check()
        var drawing = DrawOptions()
        (drawing.style, drawing.colorMap, drawing.near, drawing.far, drawing.showsLegend) = (.map, colors, near, far, true)
        var task = ImageTask(.depth, model: model, input: input, common: common)
        task.depthScale = scaleOption.scale
        var pictures = try save.map { folder throws(OpsinError) in try SavedPictures(folder: folder) }
        let (output, pointCloud, focal, near, far) = (output, pointCloud, focal, near, far)
        try task.run(images, TaskOptions(), needsPixels: pictures != nil || pointCloud != nil) { (result, image, path) throws(OpsinError) in
            guard let depth = result.depth else { return }
            if let output { try depth.write(to: output, range: Self.range(of: depth, near, far)) }
            guard let image else { return }
            if let pointCloud, let focal { try depth.writePointCloud(to: pointCloud, focalLength: focal, image: image) }
            try pictures?.write(result.draw(on: image, drawing), from: path, "depth", extension: "png")
        } show: { result, path in
            Self.show(result, path)
        }
    }

    /// What can be said before a photo is opened.
    private func check() throws(OpsinError) {
        for (option, file) in [("--output", output), ("--point-cloud", pointCloud)] where file != nil && images.count > 1 {
            throw OpsinError(.argument, "\(option) names one file, found \(images.count) photos (--save DIR takes several)")
        }
        if let output, !["npy", "pfm", "png"].contains(output.split(separator: ".").last.map { $0.lowercased() } ?? "") {
            throw OpsinError(.argument, "--output is \"\(output.suffix(60))\", expected a name that ends in .npy, .pfm or .png")
        }
        guard (pointCloud == nil) == (focal == nil) else { throw OpsinError(.argument, "--point-cloud and --focal go together") }
        for (option, value) in [("--near", near), ("--far", far)] {
            if let value, !value.isFinite { throw OpsinError(.argument, "\(option) is \(value), expected a number") }
        }
        if let near, near == far { throw OpsinError(.argument, "--near and --far are both \(near), expected two values") }
    }

    /// The values at the two ends of a 16-bit picture.
    private static func range(of depth: DepthMap, _ near: Float?, _ far: Float?) -> ClosedRange<Float>? {
        guard near != nil || far != nil else { return nil }
        let isInverse = depth.kind == .relativeInverse
        let near = near ?? (isInverse ? depth.maximum : depth.minimum), far = far ?? (isInverse ? depth.minimum : depth.maximum)
        return min(near, far)...max(near, far)
    }

    private static func show(_ result: TaskResult, _ path: String) {
        guard let depth = result.depth else { return }
        Terminal.line(
            "\(path.printable)  \(depth.width) x \(depth.height)  \(fixed(result.timings.total, 1)) ms on \(result.report.device.kind.rawValue)")
        let meaning =
            switch depth.kind {
            case .relativeInverse: "relative inverse depth (larger is nearer, no unit)"
            case .relative: "relative depth (larger is farther, no unit)"
            case .metric: "metric depth (metres)"
            }
        let middle = depth.percentile(50).map { ", median \(fixed(Double($0), 3))" } ?? ""
        Terminal.line("  \(meaning): \(fixed(Double(depth.minimum), 3)) to \(fixed(Double(depth.maximum), 3))\(middle)")
    }
}

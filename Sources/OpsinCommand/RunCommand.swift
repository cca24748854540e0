internal import ArgumentParser
internal import Opsin

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a model and writes its tensors, under the reference's names and in its layout (NCHW).")

    @Argument(help: ArgumentHelp("A timm or transformers folder.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("A photo, preprocessed by the model's recipe; pixel_values is written too.", valueName: "file"))
    var image: String?

    @Option(help: ArgumentHelp("A safetensors file with the inputs, such as pixel_values.", valueName: "file"))
    var input: String?

    @Option(help: ArgumentHelp("The safetensors file to write.", valueName: "file"))
    var output: String

    @Flag(help: "Run the graph unfused and write sample.MODULE for every module of the reference.")
    var layers = false

    @Option(help: ArgumentHelp("Write these modules too, whole, separated by commas.", valueName: "names"))
    var features: String?

    @OptionGroup var scaleOption: ScaleOption

    @OptionGroup var common: CommonOptions

    mutating func run() throws {
        guard (image == nil) != (input == nil) else { throw OpsinError(.argument, "run takes either --image or --input") }
        let model = try Model(common.runtime(), path: model)
        var options = try common.sessionOptions()
        (options.exposesLayers, options.depthScale) = (layers, scaleOption.scale)
        options.features = features.map { $0.split(separator: ",").map(String.init) } ?? []
        let session = try Session(model, options)

        var timings = Timings()
        let inputs: [Tensor]
        if let image {
            let photo = try Image(path: image)
            timings.decode = photo.decodeMilliseconds
            inputs = [try session.preprocess(photo).tensor]
        } else {
            inputs = try TensorFile.read(input ?? "")
        }
        let (outputs, milliseconds, report) = try session.run(tensors: inputs)
        timings.run = milliseconds
        // The names of the outputs themselves stay; a named module is a sample unless it was asked for as a feature.
        let sampled = layers ? Set(try model.layerNames()).subtracting(options.features) : []
        let written = outputs.map { sampled.contains($0.name) ? $0.sample() : $0 }
        try TensorFile.write((image == nil ? [] : inputs) + written, to: output)
        try common.writeReport(report, timings)
        if common.json {
            Terminal.line(report.jsonText(timings: timings))
        } else if !common.quiet {
            for tensor in written {
                Terminal.line("\(tensor.name.printable.columnKeepingEnd(34))  \(tensor.dimensions.map(String.init).joined(separator: " x "))")
            }
        }
    }
}

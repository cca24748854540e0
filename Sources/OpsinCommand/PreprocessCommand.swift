internal import ArgumentParser
internal import Opsin

struct PreprocessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preprocess", abstract: "Writes what a model's recipe makes of a photo, pixel_values as NCHW; needs only the folder's config files.")

    @Argument(help: ArgumentHelp("A timm or transformers folder.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("The photo.", valueName: "file"))
    var image: String

    @Option(help: ArgumentHelp("The safetensors file to write.", valueName: "file"))
    var output: String

    @Flag(help: "timm: test_input_size and test_crop_pct where the folder has them.")
    var testSize = false

    mutating func run() throws {
        let preprocessed = try Preprocessing.run(folder: model, image: Image(path: image), usesTestSize: testSize)
        try TensorFile.write([preprocessed.tensor], to: output)
        Terminal.line("pixel_values  \(preprocessed.tensor.dimensions.map(String.init).joined(separator: " x "))")
    }
}

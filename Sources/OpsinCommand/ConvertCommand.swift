internal import ArgumentParser
internal import Opsin

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "A model folder with its weights in another precision; it opens as the first one does.")

    @Argument(help: ArgumentHelp("The folder to read.", valueName: "in"))
    var input: String

    @Argument(help: ArgumentHelp("The folder to write; made if it is not there.", valueName: "out"))
    var output: String

    @Option(help: "f16, bf16 or f32.")
    var dtype = "f16"

    mutating func run() throws {
        let bytes = try Conversion.run(from: input, to: output, dtype: dtype)
        Terminal.line("\(output.printable): \(bytes) bytes of weights in \(dtype)")
    }
}

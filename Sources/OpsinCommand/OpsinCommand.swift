internal import ArgumentParser
internal import Opsin

/// `opsin`: what is on a photo, from the command line. Forms and exit codes: docs/command.md.
@main
struct OpsinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "opsin",
        abstract: "Labels, boxes, depth and masks from images.",
        version: opsinVersion,
        subcommands: [
            ClassifyCommand.self, DetectCommand.self, SegmentCommand.self, DepthCommand.self, RunCommand.self, PreprocessCommand.self, ImageCommand.self,
            InfoCommand.self, ConvertCommand.self, QuantizeCommand.self, VerifyCommand.self, EvalCommand.self, DevicesCommand.self, DoctorCommand.self,
            BenchCommand.self, PeakCommand.self, TuneCommand.self,
        ])

    /// Runs the subcommand. Exit: 0 all good; 1 an input failed; 2 wrong use; 3 model or device failed.
    static func main() {
        do {
            try checkCommandName()
            var command = try parseAsRoot()
            try command.run()
        } catch let error as OpsinError {
            finish(error)
        } catch let failed as InputsFailed {
            Terminal.exit(failed.code)
        } catch {
            // Help and version are answers, everything else that the parser throws is wrong use.
            guard exitCode(for: error) != .success else {
                Terminal.write(fullMessage(for: error) + "\n")
                Terminal.exit(0)
            }
            Terminal.complain(message(for: error) + " (see \(helpCommand))")
            Terminal.exit(2)
        }
    }

    private static var commandNames: [String] { configuration.subcommands.compactMap { $0.configuration.commandName } }

    /// The parser calls a word that is no command an unexpected argument.
    private static func checkCommandName() throws(OpsinError) {
        let names = commandNames
        guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), word != "help", !names.contains(word) else { return }
        throw OpsinError(.argument, "\"\(word.prefix(40))\" is no command (expected \(names.joined(separator: ", ")))")
    }

    /// What shows the help of the command that was typed.
    private static var helpCommand: String {
        let word = CommandLine.arguments.dropFirst().first
        let name = commandNames.first { $0 == word }
        return name.map { "opsin \($0) --help" } ?? "opsin --help"
    }

    private static func finish(_ error: OpsinError) -> Never {
        Terminal.complain(error.description)
        Terminal.exit(ExitStatus(error.code))
    }
}

/// Some inputs failed; each has been complained about already.
struct InputsFailed: Error {
    var code: Int32 = 1
}

/// The exit code that an error stands for.
func ExitStatus(_ code: OpsinError.Code) -> Int32 {
    switch code {
    case .image, .io, .cancelled, .state: 1
    case .argument: 2
    case .model, .device, .unsupported, .busy, .notFound: 3
    }
}

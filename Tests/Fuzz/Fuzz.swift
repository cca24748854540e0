import Glibc

/// `OpsinFuzz --seconds 60 --seed 1`: mutated files at every reader, in a process of its own that is watched.
///
///     OpsinFuzz [--seconds N] [--seed N] [--target NAME]     mutate and read until the time is up; one line of counts
///     OpsinFuzz --repeat TARGET:SEED [--save FILE]           one input again; --save writes it instead of reading it
///
/// Exit 0: nothing wrong; 1: an input ended the reader, took too long or gave a wrong answer; 2: wrong use.
@main
struct Fuzz {
    static func main() {
        let options: Options
        do {
            options = try Options(Array(CommandLine.arguments.dropFirst()))
        } catch {
            complain(error.description)
            exit(2)
        }
        if let path = options.worker {
            exit(Worker(options, state: path).run())
        } else if let input = options.repeated {
            exit(Worker(options, state: nil).repeatInput(input.target, seed: input.seed, save: options.save))
        } else {
            exit(Supervisor(options).run())
        }
    }

    static func complain(_ text: String) {
        let line = Array("opsin-fuzz: \(text)\n".utf8)
        unsafe _ = line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}

/// What the command line says.
struct Options {
    struct Wrong: Error { let description: String }

    var seconds = 60
    var seed: UInt64 = 1
    var target: String?
    var repeated: (target: String, seed: UInt64)?
    var save: String?
    /// The file that a worker writes its next input to; nil in the process that people start.
    var worker: String?

    init(_ arguments: [String]) throws(Wrong) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else {
                throw Wrong(description: "\(name) needs a value, or is unknown (--seconds --seed --target --repeat --save)")
            }
            switch name {
            case "--seconds":
                guard let number = Int(value), (1...86_400).contains(number) else { throw Wrong(description: "--seconds is \(value), expected 1 to 86400") }
                seconds = number
            case "--seed":
                guard let number = UInt64(value) else { throw Wrong(description: "--seed is \(value), expected a number") }
                seed = number
            case "--target": target = value
            case "--repeat":
                let parts = value.split(separator: ":").map(String.init)
                guard parts.count == 2, let number = UInt64(parts[1]) else { throw Wrong(description: "--repeat is \(value), expected TARGET:SEED") }
                repeated = (parts[0], number)
            case "--save": save = value
            case "--worker": worker = value
            default: throw Wrong(description: "\(name) is unknown (--seconds --seed --target --repeat --save)")
            }
        }
    }
}

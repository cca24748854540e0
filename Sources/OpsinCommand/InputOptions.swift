internal import ArgumentParser
internal import Opsin

/// What goes into the network at once.
struct InputOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Photos that go through the network together; more memory, for some networks less time a photo.")
    var batch = 1

    @Option(help: ArgumentHelp("Rows and columns of the network's input instead of the recipe's.", valueName: "HxW"))
    var size: String?

    /// Takes both into a session's options.
    func apply(to options: inout Session.Options) throws(OpsinError) {
        guard (1...1024).contains(batch) else { throw OpsinError(.argument, "--batch is \(batch), expected 1 to 1024") }
        options.maximumBatch = batch
        if let size { (options.inputHeight, options.inputWidth) = try Self.sides(size) }
    }

    /// `HEIGHTxWIDTH` as numbers.
    static func sides(_ size: String) throws(OpsinError) -> (height: Int, width: Int) {
        let sides = size.split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard sides.count == 2, sides.allSatisfy({ (1...8192).contains($0) }) else {
            throw OpsinError(.argument, "--size is \"\(size.prefix(40))\", expected HEIGHTxWIDTH of 1 to 8192")
        }
        return (sides[0], sides[1])
    }
}

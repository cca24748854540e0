internal import ArgumentParser

/// Which head of a depth model runs.
struct ScaleOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Which head of a depth model with several: 1 (the finest), 4 or 8; finer decoders are then not planned.", valueName: "1|4|8"))
    var scale = 1
}

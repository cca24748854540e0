import OpsinModels
import Testing

@Test func theProgramIsBuilt() {
    #expect(Program.isThere, "no program at \(Program.path): run make build, or set OPSIN to one")
}

/// The contract of the command (docs/command.md), held against the program as people run it.
@Suite(.enabled(if: Program.isThere, "needs the program, see theProgramIsBuilt")) struct CommandTests {
    @Suite struct Usage {}
    @Suite struct Classify {}
    @Suite struct Segment {}
    @Suite struct Depth {}
    @Suite struct Detect {}
    @Suite struct Devices {}
    @Suite struct Tensors {}
    @Suite struct Pictures {}
    @Suite struct Folders {}
    @Suite struct Speed {}
    @Suite struct Start {}
    @Suite struct Hostile {}
}

/// The run was good: exit 0 and nothing on the error stream.
func expectGood(_ outcome: Outcome, _ location: SourceLocation = #_sourceLocation) {
    #expect(outcome.exit == 0 && outcome.err.isEmpty, "exit \(outcome.exit ?? -1), signal \(outcome.signal ?? 0): \(outcome.err)", sourceLocation: location)
}

/// The run ended with that exit code, nothing on standard output, and one line that contains all of `parts`.
func expectRefused(_ outcome: Outcome, exit: Int32, _ parts: String..., location: SourceLocation = #_sourceLocation) {
    #expect(
        outcome.signal == nil && outcome.exit == exit, "exit \(outcome.exit ?? -1), signal \(outcome.signal ?? 0): \(outcome.err)", sourceLocation: location)
    #expect(outcome.out.isEmpty, "\(outcome.out)", sourceLocation: location)
    let line = outcome.complaint
    #expect(line != nil, "not one line of at most 500 bytes: \(outcome.err)", sourceLocation: location)
    for part in parts {
        #expect(line?.contains(part) ?? false, "\"\(part)\" is not in \"\(line ?? outcome.err)\"", sourceLocation: location)
    }
}

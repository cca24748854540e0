import Testing

/// Programs in Examples/ that are built with the package.
@Suite struct ExampleTests {
    static let program = Program.parent(of: Program.path) + "/TasksExample"

    /// Its labels are the command's; a task without a model in this tree says so on its own line, and the program goes on.
    @Test func theSwiftExampleRunsFourTasks() throws {
        let outcome = try opsin([Files.cat], program: Self.program)
        expectGood(outcome)
        let lines = outcome.lines
        #expect(lines.filter { !$0.hasPrefix(" ") } == ["classify", "detect", "segment", "depth"])
        #expect(lines.count >= 8 && lines[1] == "  43 %  Egyptian cat")
    }

    @Test func aMissingPhotoIsAnError() throws {
        let outcome = try opsin(["nowhere.jpg"], program: Self.program)
        #expect(outcome.exit == 1 && outcome.out.hasPrefix("tasks: nowhere.jpg: "))
    }
}

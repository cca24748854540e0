import Testing

/// `--batch` and `--size` of the four tasks.
@Suite(.enabled(if: Program.isThere, "needs the release build")) struct InputTests {
    @Test(arguments: ["classify", "detect"]) func aBatchPrintsWhatSinglePhotosPrint(task: String) throws {
        let photos = ["Examples/images/cat.jpg", "nowhere.jpg", "Examples/images/rocket.jpg", "Examples/images/astronaut.jpg"]
        func answers(_ batch: Int) throws -> [String] {
            let outcome = try opsin([task, "--device", "cpu", "--json", "--batch", "\(batch)"] + photos)
            #expect(outcome.exit == 1 && outcome.err.contains("nowhere.jpg"))
            return outcome.lines.map { line in line.split(separator: "\"timings_ms\"").first.map(String.init) ?? line }
        }
        let single = try answers(1)
        #expect(single.count == 4 && single[1].contains("\"error\""))
        #expect(try answers(2) == single)
        #expect(try answers(16) == single)
    }

    @Test func anotherSizeIsAnotherInput() throws {
        let cat = "Examples/images/cat.jpg"
        let own = try opsin(["classify", "--device", "cpu", "--top-k", "1", "--json", cat])
        let other = try opsin(["classify", "--device", "cpu", "--top-k", "1", "--json", "--size", "160x256", cat])
        expectGood(own)
        expectGood(other)
        #expect(other.out.contains("Egyptian cat") && other.out.split(separator: "timings_ms").first != own.out.split(separator: "timings_ms").first)
        expectRefused(try opsin(["detect", "--device", "cpu", "--size", "320x321", cat]), exit: 2, "320x321, expected multiples of 32")
        expectRefused(try opsin(["depth", "--size", "32", cat]), exit: 2, "--size is \"32\", expected HEIGHTxWIDTH")
        expectRefused(try opsin(["segment", "--batch", "0", cat]), exit: 2, "--batch is 0, expected 1 to 1024")
    }
}

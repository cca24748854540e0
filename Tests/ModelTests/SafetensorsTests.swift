import OpsinGraph
import OpsinModels
import Testing

@Suite struct SafetensorsTests {
    private func open(_ header: String, dataCount: Int) throws -> SafetensorsFile {
        try SafetensorsFile(storage: storage(safetensors(header, dataCount: dataCount)), path: "x.safetensors")
    }

    @Test func readsEveryFloatTypeAtAnyOffset() throws {
        // 1, 2 and -0.5 in the three forms, behind a single byte.
        let values: [UInt8] =
            [7] + [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0, 0xBF] + [0, 0x3C, 0, 0x40, 0, 0xB8] + [0x80, 0x3F, 0, 0x40, 0, 0xBF]
        let header = """
            {"__metadata__": {"format": "pt"}, "byte": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
             "a": {"dtype": "F32", "shape": [3], "data_offsets": [1, 13]}, "b": {"dtype": "F16", "shape": [3, 1], "data_offsets": [13, 19]},
             "c": {"dtype": "BF16", "shape": [1, 3], "data_offsets": [19, 25]}}
            """
        let file = try SafetensorsFile(storage: storage(safetensors(header, dataCount: 0) + values), path: "x.safetensors")
        #expect(file.metadata == ["format": "pt"])
        #expect(file.tensors.map(\.name) == ["byte", "a", "b", "c"])
        #expect(file.constant(file.tensors[0]) == nil)
        for entry in file.tensors.dropFirst() { #expect(file.constant(entry)?.floats() == [1, 2, -0.5], "\(entry.name)") }
    }

    @Test func toleratesScalarsAndEmptyTensors() throws {
        let file = try open(
            #"{"n": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}, "s": {"dtype": "F32", "shape": [], "data_offsets": [8, 12]}, "#
                + #""e": {"dtype": "F32", "shape": [0, 4], "data_offsets": [12, 12]}}"#,
            dataCount: 12)
        #expect(file.tensors.count == 3)
        #expect(file.constant(file.tensors[1])?.floats().count == 1)
        #expect(file.constant(file.tensors[2]) == nil)
    }

    /// Header, bytes of data, and what the message must say.
    @Test(arguments: [
        (
            #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}"#, 12,
            "tensor b: begins at byte 4"
        ),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}}"#, 8, "data_offsets [-8, 0] do not lie in the 8 bytes"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4611686018427387904]}}"#, 8, "do not lie in the 8 bytes"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}"#, 8, "data_offsets [8, 0]"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0.5, 8]}}"#, 8, "expected two integers"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8e0]}}"#, 8, "expected two integers"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 18446744073709551616]}}"#, 8, "expected two integers"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0]}}"#, 8, "expected two integers"),
        (#"{"a": {"dtype": "F32", "shape": [2]}}"#, 8, "data_offsets are missing"),
        (#"{"a": {"dtype": "F32", "shape": [4611686018427387904, 4611686018427387904], "data_offsets": [0, 8]}}"#, 8, "larger than any file"),
        (#"{"a": {"dtype": "F32", "shape": [4611686018427387904, 0], "data_offsets": [0, 0]}}"#, 0, "larger than any file"),
        (#"{"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}"#, 8, "dimension -2"),
        (#"{"a": {"dtype": "F32", "shape": [2.0], "data_offsets": [0, 8]}}"#, 8, "dimension 2.0"),
        (#"{"a": {"dtype": "F32", "shape": 2, "data_offsets": [0, 8]}}"#, 8, "no shape"),
        (#"{"a": {"dtype": "F32", "shape": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1], "data_offsets": [0, 4]}}"#, 4, "17 dimensions"),
        (#"{"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}"#, 8, "hold 8 bytes, expected 12 for F32 [3]"),
        (#"{"a": {"dtype": "Q9", "shape": [2], "data_offsets": [0, 8]}}"#, 8, "unknown dtype \"Q9\""),
        (#"{"a": {"shape": [2], "data_offsets": [0, 8]}}"#, 8, "no dtype"),
        (
            #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#, 8,
            "\"a\" comes twice"
        ),
        (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}"#, 8, "bytes 0 to 4 of the data"),
        (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}"#, 8, "4 bytes at the end belong to no tensor"),
        (#"{"a": 5}"#, 0, "no dtype"),
        (#"[]"#, 0, "no JSON object"),
        (#"nope"#, 0, "not JSON"),
        (#"{"__metadata__": {"format": 5}}"#, 0, "__metadata__ \"format\" is no string"),
        (#"{"__metadata__": 5}"#, 0, "__metadata__ is no JSON object"),
    ])
    func refuses(_ header: String, dataCount: Int, says: String) throws {
        let text = try #require(message { _ = try open(header, dataCount: dataCount) })
        #expect(text.contains(says) && text.hasPrefix("x.safetensors: ") && !text.contains("\n") && text.utf8.count <= 500, "\(text)")
    }

    @Test(
        arguments: [[], [1, 2, 3], [0, 0, 0, 0, 0, 0, 0, 0x80, 0x7B, 0x7D], [255, 255, 255, 255, 255, 255, 255, 255], [9, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D]]
            as [[UInt8]])
    func refusesHeadersThatAreNotThere(_ bytes: [UInt8]) {
        #expect(message { _ = try SafetensorsFile(storage: storage(bytes), path: "x") } != nil)
    }

    @Test func aPointerOfGitLFSIsNamed() throws {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 14199388\n"
        #expect(try #require(message { _ = try SafetensorsFile(storage: storage(Array(pointer.utf8)), path: "x") }).contains("git lfs pull"))
    }

    @Test func refusesTenThousandLevels() throws {
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        #expect(try #require(message { _ = try open(deep, dataCount: 0) }).contains("nested deeper"))
    }

    @Test func aLongHostileNameStaysOneShortLine() throws {
        let name = String(repeating: #"x\n"#, count: 100_000)
        let text = try #require(message { _ = try open(#"{"\#(name)": {"dtype": "F32"}}"#, dataCount: 0) })
        #expect(!text.contains("\n") && text.utf8.count < 200)
    }

    @Test func everyPrefixOfAFileIsRefused() throws {
        let whole = safetensors(
            #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "U8", "shape": [], "data_offsets": [8, 9]}}"#, dataCount: 9)
        _ = try SafetensorsFile(storage: storage(whole), path: "x")
        for count in 0..<whole.count { #expect(message { _ = try SafetensorsFile(storage: storage(Array(whole.prefix(count))), path: "x") } != nil) }
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out.safetensors"
        let tensors = [
            SafetensorsWriter.Tensor(name: "z", type: .uint8, dimensions: [3]) { [1, 2, 3] },
            SafetensorsWriter.Tensor(name: "é \"quoted\"\n", dimensions: [2, 1], values: [1.5, -.infinity]),
            SafetensorsWriter.Tensor(name: "n", type: .int64, dimensions: []) { [1, 0, 0, 0, 0, 0, 0, 0] },
        ]
        try SafetensorsWriter().write(tensors, to: path)
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == ["format": "pt"])
        #expect(file.tensors.map(\.name) == ["n", "é \"quoted\"\n", "z"])
        #expect(file.tensors[0].bytes.lowerBound % 8 == 0)
        #expect(file.constant(file.tensors[1])?.floats() == [1.5, -.infinity])
        #expect(unsafe file.withBytes(of: file.tensors[2]) { unsafe [UInt8]($0) } == [1, 2, 3])
    }

    @Test func aFailedWriteLeavesTheOldFileAndNoPart() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("old", to: "out.safetensors")
        let tensors = [SafetensorsWriter.Tensor(name: "a", type: .uint8, dimensions: [1]) { () throws(ModelError) in throw ModelError(.format, "no bytes") }]
        #expect(message { try SafetensorsWriter().write(tensors, to: path) } == "no bytes")
        #expect(folder.names == ["out.safetensors"])
        #expect(try File.contents(path, limit: 10) == Array("old".utf8))
        let twice = [SafetensorsWriter.Tensor(name: "a", dimensions: [1], values: [1]), SafetensorsWriter.Tensor(name: "a", dimensions: [1], values: [1])]
        #expect(message { try SafetensorsWriter().write(twice, to: path) }?.contains("twice") == true)
        let short = [SafetensorsWriter.Tensor(name: "a", dimensions: [2], values: [1])]
        #expect(message { try SafetensorsWriter().write(short, to: path) }?.contains("4 bytes, expected 8") == true)
    }

    @Test func foldersAndPipesAreNoFiles() throws {
        let folder = try TemporaryFolder()
        #expect(message { _ = try SafetensorsFile(path: folder.path) }?.hasSuffix("is not a regular file") == true)
        #expect(message { _ = try SafetensorsFile(path: folder.path + "/nowhere") }?.hasSuffix("no such file or folder") == true)
        #expect(message { _ = try SafetensorsFile(path: "/dev/zero") }?.hasSuffix("is not a regular file") == true)
    }
}

import OpsinModels
import Testing

extension CommandTests.Depth {
    /// The photo's values, by numpy's own rules for reading the file.
    func numbers(_ path: String) throws -> (rows: Int, columns: Int, values: [Float]) {
        let all = try bytes(of: path)
        let header = String(decoding: all[10..<(10 + Int(all[8]) + Int(all[9]) << 8)], as: UTF8.self)
        #expect(Array(all.prefix(8)) == [0x93] + Array("NUMPY".utf8) + [1, 0] && header.hasSuffix("\n") && (10 + header.utf8.count) % 64 == 0)
        #expect(header.contains("'descr': '<f4'") && header.contains("'fortran_order': False"))
        let shape = header.split(separator: "(")[1].split(separator: ")")[0].split(separator: ", ").compactMap { Int($0) }
        let data = Array(all.dropFirst(10 + header.utf8.count))
        let values = stride(from: 0, to: data.count, by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[at + $1]) << UInt32(8 * $1) })
        }
        return (shape.first ?? 0, shape.last ?? 0, values)
    }

    @Test func theDefaultModelSaysWhatItsNumbersMean() throws {
        let folder = try TemporaryFolder(), file = folder.file("cat.npy")
        let outcome = try opsin(["depth", Files.cat, "--json", "--output", file])
        expectGood(outcome)
        let result = try object(outcome), depth = try #require(result["depth"])
        #expect(result.names == ["image", "task", "device", "depth", "timings_ms"] && result["task"]?.string == "depth")
        #expect(depth.names == ["kind", "min", "max", "width", "height"] && depth["kind"]?.string == "relative_inverse")
        #expect(depth["width"]?.int == 451 && depth["height"]?.int == 300)
        let (rows, columns, values) = try numbers(file)
        #expect(rows == 300 && columns == 451 && values.count == 135_300 && values.allSatisfy(\.isFinite))
        #expect(abs(Double(values.min() ?? 0) - (depth["min"]?.double ?? 9)) < 1e-4 && abs(Double(values.max() ?? 0) - (depth["max"]?.double ?? 9)) < 1e-4)
        // The cat, below, is nearer than the wall.
        func mean(_ rows: Range<Int>) -> Float { values[rows.lowerBound * 451..<rows.upperBound * 451].reduce(0, +) / Float(rows.count * 451) }
        #expect(mean(150..<300) > mean(0..<60))
        let text = try opsin(["depth", Files.cat])
        expectGood(text)
        #expect(text.lines.count == 2 && text.lines[1].hasPrefix("  relative inverse depth (larger is nearer, no unit): "))
    }

    /// The same map in three forms; a coarse head is another one, near it.
    @Test func everyFormOfFile() throws {
        let folder = try TemporaryFolder()
        for name in ["map.npy", "map.pfm", "map.png", "coarse.npy", "clipped.png"] {
            var arguments = ["depth", Files.rocket, "--quiet", "--output", folder.file(name)]
            if name.hasPrefix("coarse") { arguments += ["--scale", "8"] }
            if name.hasPrefix("clipped") { arguments += ["--near", "1e9", "--far", "-1e9"] }
            expectGood(try opsin(arguments))
        }
        let (rows, columns, values) = try numbers(folder.file("map.npy"))
        let pfm = try bytes(of: folder.file("map.pfm")), head = Array("Pf\n\(columns) \(rows)\n-1.0\n".utf8)
        #expect(Array(pfm.prefix(head.count)) == head && pfm.count == head.count + 4 * values.count)
        // The last row of a PFM is the first of the picture.
        let top = pfm.suffix(4 * columns)
        #expect(Array(top.prefix(4)) == (0..<4).map { UInt8(truncatingIfNeeded: values[0].bitPattern >> (8 * $0)) })
        let png = try bytes(of: folder.file("map.png"))
        #expect(png[24] == 16 && png[25] == 0, "a gray PNG of 16 bits")
        #expect(try bytes(of: folder.file("clipped.png")) != png)
        let coarse = try numbers(folder.file("coarse.npy")).values
        let worst = zip(values, coarse).map { abs($0 - $1) }.max() ?? 0, range = (values.max() ?? 0) - (values.min() ?? 0)
        #expect(coarse.count == values.count && worst > 0 && worst < range)
    }

    @Test func aCoarserScaleRunsFewerOps() throws {
        var counts: [Int] = []
        for scale in ["1", "4", "8"] {
            let outcome = try opsin(["bench", Files.depthModel, "--scale", scale, "--iters", "1", "--duration", "0", "--json"])
            expectGood(outcome)
            counts.append(try object(outcome)["runs"]?.array?.first?["ops"]?.array?.count ?? 0)
        }
        #expect(counts[0] > counts[1] && counts[1] > counts[2] && counts[2] > 20)
    }

    @Test func severalPhotosHaveALineEach() throws {
        let outcome = try opsin(["depth", "--json", Files.cat, "nowhere.jpg", Files.rocket])
        #expect(outcome.exit == 1)
        let results = try objects(outcome)
        #expect(results.count == 3 && results[0]["depth"] != nil && results[1]["error"] != nil && results[2]["depth"] != nil)
    }

    @Test func picturesHaveTheColoursThatWereAskedFor() throws {
        let folder = try TemporaryFolder()
        expectGood(try opsin(["depth", Files.cat, "--quiet", "--save", folder.file("a"), "--colormap", "viridis"]))
        expectGood(try opsin(["depth", Files.cat, "--quiet", "--save", folder.file("b"), "--colormap", "turbo", "--near", "2", "--far", "0"]))
        let a = try bytes(of: folder.file("a/cat.depth.png")), b = try bytes(of: folder.file("b/cat.depth.png"))
        #expect(a.prefix(4) == [0x89, 0x50, 0x4E, 0x47] && a != b)
        expectRefused(try opsin(["depth", Files.cat, "--colormap", "plaid"]), exit: 2, "--colormap is \"plaid\", expected gray, viridis")
    }

    @Test func aTinyPhotoHasADepth() throws {
        let folder = try TemporaryFolder()
        let photo = try folder.write(Array("P6\n1 1\n255\nabc".utf8), to: "one.ppm")
        let outcome = try opsin(["depth", photo, "--json", "--output", folder.file("one.npy")])
        expectGood(outcome)
        #expect(try object(outcome)["depth"]?["width"]?.int == 1 && numbers(folder.file("one.npy")).values.count == 1)
        let line = try folder.write(Array("P5\n4000 1\n255\n".utf8) + [UInt8](repeating: 9, count: 4000), to: "line.pgm")
        expectRefused(try opsin(["depth", line]), exit: 3, "its sides differ too much for this model")
    }

    @Test func wrongUseIsNamed() throws {
        expectRefused(try opsin(["depth", Files.cat, "--scale", "2"]), exit: 2, "depth scale 2, expected 1, 4, 8")
        expectRefused(try opsin(["depth", Files.cat, "--output", "/tmp/never.tiff"]), exit: 2, "expected a name that ends in .npy, .pfm or .png")
        expectRefused(try opsin(["depth", Files.cat, Files.rocket, "--output", "/tmp/never.npy"]), exit: 2, "--output names one file, found 2 photos")
        expectRefused(try opsin(["depth", Files.cat, "--output", "/nowhere/never.npy"]), exit: 1, "/nowhere/never.npy", "cannot be written")
        expectRefused(try opsin(["depth", Files.cat, "--near", "1", "--far", "1"]), exit: 2, "--near and --far are both 1")
        expectRefused(try opsin(["depth", Files.cat, "--near", "nan"]), exit: 2, "--near is nan, expected a number")
        expectRefused(try opsin(["depth", Files.cat, "--point-cloud", "/tmp/never.ply"]), exit: 2, "--point-cloud and --focal go together")
        expectRefused(
            try opsin(["depth", Files.cat, "--point-cloud", "/tmp/never.ply", "--focal", "500"]), exit: 2,
            "a point cloud needs metric depth, the map is relative_inverse")
        expectRefused(try opsin(["depth", Files.cat, "--model", Files.model]), exit: 3, "a model to classify, expected one to depth")
        expectRefused(try opsin(["bench", Files.model, "--scale", "4"]), exit: 2, "depth scale 4, expected 1")
    }

    /// What people have who downloaded the wrong files: they are told what to take instead.
    @Test func aFolderWithoutSafetensorsSaysWhatToDo() throws {
        for (name, config, exit, part) in [
            ("model.pth", #"{"model_type": "tcmonodepth"}"#, Int32(3), "holds model.pth but no model.safetensors; reading a pickle runs what is in it"),
            ("modeling_depth.py", #"{"model_type": "tcmonodepth"}"#, 3, "holds remote code (modeling_depth.py) but no weights"),
            ("modeling_depth.py", #"{"model_type": "my_depth", "auto_map": {"AutoModel": "modeling_depth.Net"}}"#, 3, "a program of its own (auto_map)"),
        ] {
            let folder = try TemporaryFolder()
            try folder.write(config, to: "config.json")
            try folder.write("import os", to: name)
            expectRefused(try opsin(["depth", Files.cat, "--model", folder.path]), exit: exit, part)
        }
    }
}

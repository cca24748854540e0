import Glibc
import OpsinModels
import OpsinVision
import Testing

extension CommandTests.Classify {
    @Test func theTableHasATitleAndFiveBars() throws {
        let outcome = try opsin(["classify", Files.cat])
        expectGood(outcome)
        let lines = outcome.lines
        #expect(lines.count == 6)
        #expect(lines[0].hasPrefix("\(Files.cat)  451 x 300  ") && lines[0].hasSuffix(" ms on cpu"))
        #expect(lines[1].hasPrefix("  Egyptian cat ") && lines[1].contains(" 42.7 %  ████████▌"))
        // Every score stands in the same column, and no line is wider than a terminal of 80.
        let columns = Set(lines.dropFirst().map { line in line.prefix { $0 != "%" }.count })
        #expect(columns.count == 1 && lines.dropFirst().allSatisfy { $0.count <= 80 })
        // Into a file or pipe there is no colour, with or without NO_COLOR.
        #expect(!outcome.out.contains("\u{1B}"))
        #expect(!(try opsin(["classify", Files.cat], environment: ["NO_COLOR": "1", "TERM": "xterm"])).out.contains("\u{1B}"))
    }

    /// On a terminal, which `script` plays: colours unless NO_COLOR forbids them, and a bar while many photos are worked on.
    @Test(.enabled(if: Program.hasTerminal, "needs /usr/bin/script")) func coloursAndProgressAreForTerminals() throws {
        func onTerminal(_ command: String, _ environment: [String: String]) throws -> Outcome {
            try opsin(["-qec", command, "/dev/null"], environment: environment, program: "/usr/bin/script")
        }
        let classify = "'\(Program.path)' classify '\(Files.cat)'"
        #expect(try onTerminal(classify, ["TERM": "xterm"]).out.contains("\u{1B}[36m████████▌\u{1B}[0m"))
        #expect(!(try onTerminal(classify, ["TERM": "xterm", "NO_COLOR": "1"])).out.contains("\u{1B}"))
        #expect(!(try onTerminal(classify, ["TERM": "dumb"])).out.contains("\u{1B}"))
        let many = classify + String(repeating: " '\(Files.rocket)'", count: 7)
        let watched = try onTerminal(many + " > /dev/null", ["TERM": "xterm"])
        #expect(watched.exit == 0 && watched.out.contains("░ 1/8") && watched.out.contains("█ 8/8"))
        // Quiet, or with too few photos, nothing moves.
        #expect(try onTerminal(many + " --quiet > /dev/null", ["TERM": "xterm"]).out.isEmpty)
        #expect(try onTerminal(classify + " > /dev/null", ["TERM": "xterm"]).out.isEmpty)
    }

    /// `--save`: the photo's size, with a list in its lower left corner; photos of one name get different files, a folder that cannot be is an error.
    @Test func savedPicturesShowTheLabels() throws {
        let folder = try TemporaryFolder()
        let other = try folder.copy(Files.rocket, to: "cat.jpg")
        expectGood(try opsin(["classify", "--quiet", "--save", folder.file("out"), Files.cat, other]))
        let saved = try Image(contentsOf: folder.file("out/cat.classify.jpg")), photo = try Image(contentsOf: Files.cat)
        #expect((saved.width, saved.height) == (451, 300))
        let far = (0..<451 * 300 * 3).filter { abs(Int(saved.pixels[$0]) - Int(photo.pixels[$0])) > 60 }
        #expect(far.count > 2000 && far.allSatisfy { $0 / (451 * 3) > 100 })
        #expect(try Image(contentsOf: folder.file("out/cat-2.classify.jpg")).width == Image(contentsOf: Files.rocket).width)
        expectRefused(try opsin(["classify", "--save", Files.cat, Files.cat]), exit: 1, Files.cat)
    }

    @Test func jsonIsOneObjectAPhoto() throws {
        let outcome = try opsin(["classify", "--json", Files.cat, Files.rocket])
        expectGood(outcome)
        let results = try objects(outcome)
        #expect(results.count == 2)
        for (result, image) in zip(results, [Files.cat, Files.rocket]) {
            #expect(result.names == ["image", "task", "device", "classes", "timings_ms"])
            #expect(result["image"]?.string == image && result["task"]?.string == "classify" && result["device"]?.string == "cpu")
            let classes = result["classes"]?.array ?? []
            #expect(classes.count == 5 && classes.allSatisfy { $0.names == ["label_id", "label", "score"] })
            let scores = classes.compactMap { $0["score"]?.double }
            #expect(scores == scores.sorted(by: >) && scores.allSatisfy { (0...1).contains($0) })
            let timings = try #require(result["timings_ms"])
            #expect(timings.names == ["decode", "preprocess", "run", "postprocess", "total"])
            #expect(timings.members?.allSatisfy { ($0.value.double ?? -1) >= 0 } ?? false)
        }
        let cat = results[0]["classes"]?.array?.first
        #expect(cat?["label"]?.string == "Egyptian cat" && cat?["label_id"]?.int == 286 && abs((cat?["score"]?.double ?? 0) - 0.427) < 0.002)
    }

    @Test func topKAndThresholdLimitTheLabels() throws {
        func count(_ options: String...) throws -> Int { try object(opsin(["classify", "--json", Files.cat] + options))["classes"]?.array?.count ?? -1 }
        #expect(try count("--top-k", "1") == 1)
        #expect(try count("--top-k", "0") == 1001)
        #expect(try count("--top-k", "9223372036854775807") == 1001)
        #expect(try count("--threshold", "0.1") == 3)
        #expect(try count("--threshold", "1") == 0)
        #expect(try count("--threshold", "-1", "--top-k", "0") == 1001)
        let empty = try opsin(["classify", Files.cat, "--threshold", "1"])
        expectGood(empty)
        #expect(empty.lines.last == "  nothing above the threshold")
    }

    @Test func aBadPhotoDoesNotCostTheOthersTheirs() throws {
        let folder = try TemporaryFolder()
        let cut = try folder.write(Array(bytes(of: Files.cat).prefix(20_000)), to: "cut.jpg")
        let outcome = try opsin(["classify", "--json", Files.cat, "nowhere.jpg", cut, Files.rocket])
        #expect(outcome.exit == 1)
        let results = try objects(outcome)
        #expect(results.map { $0["image"]?.string } == [Files.cat, "nowhere.jpg", cut, Files.rocket])
        #expect(results[0]["classes"]?.array?.count == 5 && results[3]["classes"]?.array?.count == 5)
        for failed in results[1...2] {
            #expect(failed.names == ["image", "task", "error"] && failed["task"]?.string == "classify")
            #expect(failed["error"]?.string?.contains(failed["image"]?.string ?? "?") ?? false)
        }
        let complaints = outcome.err.split(separator: "\n")
        #expect(complaints.count == 2 && complaints[0].hasPrefix("opsin: nowhere.jpg: ") && complaints[1].hasPrefix("opsin: \(cut): "))

        let table = try opsin(["classify", Files.cat, "nowhere.jpg"])
        #expect(table.exit == 1 && table.lines.count == 6 && table.complaint?.hasPrefix("nowhere.jpg: ") ?? false)
    }

    @Test func onePhotoThatFailsGivesItsOwnLineOnly() throws {
        expectRefused(try opsin(["classify", "nowhere.jpg"]), exit: 1, "nowhere.jpg: ", "No such file or directory")
        expectRefused(try opsin(["classify", "--json", "nowhere.jpg"]), exit: 1, "nowhere.jpg: ")
    }

    @Test func namesOfAllKindsOpen() throws {
        let folder = try TemporaryFolder()
        let names = ["a photo of a cat.jpg", "Kätzchen 猫.jpg", "line\nend.jpg", "'quoted' \"name\".jpg", "no-suffix", "-dash.jpg"]
        for name in names { try folder.copy(Files.cat, to: name) }
        let outcome = try opsin(["classify", "--json", "--top-k", "1", "--"] + names, folder: folder.path)
        expectGood(outcome)
        #expect(try objects(outcome).map { $0["image"]?.string } == names)
        #expect(try objects(outcome).allSatisfy { $0["classes"]?.array?.first?["label"]?.string == "Egyptian cat" })
        // In the table a name is one line, whatever it holds.
        let table = try opsin(["classify", "--top-k", "1", "line\nend.jpg"], folder: folder.path)
        expectGood(table)
        #expect(table.lines.count == 2 && table.lines[0].hasPrefix("line?end.jpg  451 x 300"))
        expectRefused(try opsin(["classify", "no\nsuch.jpg"]), exit: 1, "no", "such.jpg")
    }

    @Test func bytesThatAreNoUTF8InANameAreNoTrap() throws {
        let folder = try TemporaryFolder()
        // Swift's arguments are repaired to UTF-8, so that such a name is not found: an error, not an end by signal.
        expectRefused(try opsin(["classify", folder.file("\u{FFFD}.jpg")]), exit: 1, "No such file")
        expectRefused(try opsin(["classify", String(repeating: "long/", count: 2000)]), exit: 1, "long/")
    }

    @Test func foldersAndUnreadableFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        expectRefused(try opsin(["classify", folder.path]), exit: 1, folder.path, "folder")
        expectRefused(try opsin(["classify", ""]), exit: 1)
        expectRefused(try opsin(["classify", "/dev/null"]), exit: 1, "/dev/null: ")
        expectRefused(try opsin(["classify", "/dev/zero"]), exit: 1, "/dev/zero: ")
        let pipe = folder.file("pipe")
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        expectRefused(try opsin(["classify", pipe], seconds: 20), exit: 1, pipe, "expected a regular file")
        let secret = try folder.copy(Files.cat, to: "secret.jpg")
        unsafe chmod(secret, 0)
        // Root reads everything.
        if geteuid() != 0 { expectRefused(try opsin(["classify", secret]), exit: 1, secret, "Permission denied") }
    }

    @Test func relativeAndAbsoluteModelsAndPhotos() throws {
        let relative = try opsin(["classify", "--json", "../Examples/images/cat.jpg", "--model", "mobilenet_v2_1.0_224/"], folder: Files.models)
        expectGood(relative)
        let whole = try opsin(["classify", "--json", Files.cat, "--model", Files.model], folder: "/")
        expectGood(whole)
        #expect(try object(relative)["classes"] == object(whole)["classes"])
    }

    @Test func theDefaultModelIsWhereOPSIN_MODELSSays() throws {
        let folder = try TemporaryFolder()
        expectGood(try opsin(["classify", Files.cat], environment: ["OPSIN_MODELS": Files.models], folder: "/"))
        let nowhere = try opsin(["classify", Files.cat], environment: ["OPSIN_MODELS": folder.path])
        expectRefused(nowhere, exit: 3, "mobilenet_v2_1.0_224", folder.path, "OPSIN_MODELS")
    }

    @Test func photosOfEveryFormat() throws {
        let images = [
            "jpeg_420.jpg", "png_rgb8.png", "webp_lossless.webp", "bmp_24.bmp", "ppm.ppm", "pgm.pgm", "jpeg_orientation_6.jpg", "png_gray16_interlaced.png",
        ]
        let outcome = try opsin(["classify", "--json"] + images.map { Files.images + "/decode/in/" + $0 })
        expectGood(outcome)
        #expect(try objects(outcome).count == images.count)
    }
}

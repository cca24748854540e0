import OpsinModels
import OpsinVision
import Testing

extension CommandTests.Pictures {
    private static let decode = Files.images + "/decode/in/"

    /// Decodes through the command, and by the library: the same pixels.
    @Test(arguments: ["jpeg_420.jpg", "jpeg_orientation_6.jpg", "png_rgb8.png", "png_gray16_interlaced.png", "webp_lossless.webp", "bmp_rle8.bmp", "pgm.pgm"])
    func writesWhatWasDecoded(_ name: String) throws {
        let folder = try TemporaryFolder()
        let expected = try Image(contentsOf: Self.decode + name)
        for suffix in ["png", "PNG", "ppm"] {
            let out = folder.file("out." + suffix)
            let outcome = try opsin(["image", Self.decode + name, "--output", out])
            expectGood(outcome)
            #expect(outcome.out.isEmpty)
            let image = try Image(contentsOf: out)
            #expect((image.width, image.height) == (expected.width, expected.height))
            #expect(image.rgb().pixels == expected.rgb().pixels, "\(suffix)")
            // Gray stays gray where the format can say so.
            if suffix != "ppm" { #expect(image.channels == expected.channels) }
        }
    }

    /// JPEG loses a little, and nothing else: size, channels and place of everything stay.
    @Test func writesJPEG() throws {
        let folder = try TemporaryFolder()
        let expected = try Image(contentsOf: Files.cat)
        for name in ["out.jpg", "out.JPEG"] {
            let out = folder.file(name)
            expectGood(try opsin(["image", Files.cat, "--output", out]))
            #expect(try bytes(of: out).starts(with: [0xFF, 0xD8, 0xFF]))
            let image = try Image(contentsOf: out)
            #expect((image.width, image.height, image.channels) == (expected.width, expected.height, 3))
            let error = zip(image.pixels, expected.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            #expect(error < expected.pixels.count * 3)
        }
    }

    @Test(arguments: ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"])
    func resizesAsTheLibraryDoes(_ filter: String) throws {
        let folder = try TemporaryFolder()
        let out = folder.file("out.png")
        let source = try Image(contentsOf: Files.cat)
        expectGood(try opsin(["image", Files.cat, "--output", out, "--resize", "97x61", "--filter", filter]))
        let kind = try #require(ResizeFilter(rawValue: filter))
        #expect(try Image(contentsOf: out).pixels == source.resized(width: 97, height: 61, filter: kind, box: nil).pixels)
        expectGood(try opsin(["image", Files.cat, "--output", out, "--resize", "500x3", "--filter", filter, "--box", "10.5,0,300.25,299"]))
        let box = ResizeBox(left: 10.5, top: 0, right: 300.25, bottom: 299)
        #expect(try Image(contentsOf: out).pixels == source.resized(width: 500, height: 3, filter: kind, box: box).pixels)
    }

    @Test func tooLargeAResultIsRefused() throws {
        let folder = try TemporaryFolder()
        let out = folder.file("out.png")
        expectRefused(try opsin(["image", Files.cat, "--output", out, "--resize", "100000x100000"]), exit: 1, "178956970")
        expectRefused(try opsin(["image", Files.cat, "--output", out, "--resize", "9223372036854775807x1"]), exit: 1, "resize: ")
        expectRefused(try opsin(["image", Files.cat, "--output", folder.file("no/out.png")]), exit: 1, "no/out.png")
        expectRefused(try opsin(["image", Files.cat, "--output", folder.path + "/"]), exit: 2, "expected a name that ends in")
        expectRefused(try opsin(["image", folder.path, "--output", out]), exit: 1, folder.path)
    }

    /// Damaged files: one line that names the file, or a picture where Pillow gives one too.
    @Test func everyMalformedFileEndsInOneLine() throws {
        let folder = try TemporaryFolder()
        let cases = try #require(try JSON(parsing: String(decoding: bytes(of: Files.images + "/malformed/cases.json"), as: UTF8.self))["cases"]?.array)
        #expect(cases.count >= 80)
        for entry in cases {
            let file = Files.images + "/malformed/" + (entry["input"]?.string ?? "")
            let outcome = try opsin(["image", file, "--output", folder.file("out.png")], seconds: 30)
            if outcome.exit == 0, entry["expected"]?.string == "any" { continue }
            expectRefused(outcome, exit: 1, file)
        }
    }
}

import CKernels
import OpsinModels
import OpsinVision
import Testing

/// Callers' memory, regions, orientations, files and encoders.
@Suite struct ImageTests {
    /// 3 x 2 pixels, red = 10 * column, green = 100 * row, blue = 7.
    static let rgb: [UInt8] = [0, 0, 7, 10, 0, 7, 20, 0, 7, 0, 100, 7, 10, 100, 7, 20, 100, 7]

    func image(
        _ bytes: [UInt8], _ format: PixelFormat, width: Int = 3, height: Int = 2, stride: Int = 0, orientation: Int = 1, region: RegionOfInterest? = nil
    ) throws -> Image {
        try unsafe bytes.withUnsafeBytes {
            let data = unsafe try #require($0.baseAddress)
            return unsafe try Image(
                ImageView(
                    data: data, format: format, width: width, height: height, strideBytes: stride, orientation: orientation, region: region))
        }
    }

    @Test func everyFormatGivesTheSamePixels() throws {
        let pixels = stride(from: 0, to: 18, by: 3).map { Array(Self.rgb[$0..<$0 + 3]) }
        #expect(try image(Self.rgb, .rgb8).pixels == Self.rgb)
        #expect(try image(pixels.flatMap { [$0[2], $0[1], $0[0]] }, .bgr8).pixels == Self.rgb)
        #expect(try image(pixels.flatMap { $0 + [99] }, .rgba8).pixels == Self.rgb)
        #expect(try image(pixels.flatMap { [$0[2], $0[1], $0[0], 99] }, .bgra8).pixels == Self.rgb)
        #expect(try image(bytes(Self.rgb.map { UInt16($0) * 257 }), .rgb16).pixels == Self.rgb)
        #expect(try image(bytes(Self.rgb.map { Float($0) / 255 }), .rgbF32).pixels == Self.rgb)
        #expect(try image([1, 2, 3, 4, 5, 6], .gray8).pixels == [1, 2, 3, 4, 5, 6])
        #expect(try image(bytes([0, 128, 129, 257, 65_407, 65_535] as [UInt16]), .gray16).pixels == [0, 0, 1, 1, 255, 255])
        #expect(try image(bytes([-1, 0, 0.5, 1, 2, .nan] as [Float]), .grayF32).pixels == [0, 0, 128, 255, 255, 0])
    }

    @Test func stridesMayHaveGapsAndRunBackwards() throws {
        #expect(try image([1, 2, 3, 0, 0, 4, 5, 6], .gray8, stride: 5).pixels == [1, 2, 3, 4, 5, 6])
        let bytes: [UInt8] = [4, 5, 6, 0, 1, 2, 3, 0]
        let flipped = try unsafe bytes.withUnsafeBytes {
            let data = unsafe try #require($0.baseAddress)
            return unsafe try Image(ImageView(data: data + 4, format: .gray8, width: 3, height: 2, strideBytes: -4))
        }
        #expect(flipped.pixels == [1, 2, 3, 4, 5, 6])
    }

    /// The eight orientations of Exif 2.3, section 4.6.4, of the rows 123, 456.
    @Test(arguments: [
        (1, 3, [1, 2, 3, 4, 5, 6]), (2, 3, [3, 2, 1, 6, 5, 4]), (3, 3, [6, 5, 4, 3, 2, 1]), (4, 3, [4, 5, 6, 1, 2, 3]), (5, 2, [1, 4, 2, 5, 3, 6]),
        (6, 2, [4, 1, 5, 2, 6, 3]), (7, 2, [6, 3, 5, 2, 4, 1]), (8, 2, [3, 6, 2, 5, 1, 4]),
    ]) func orientationsAreTurnedUpright(_ orientation: Int, _ width: Int, _ expected: [UInt8]) throws {
        let upright = try image([1, 2, 3, 4, 5, 6], .gray8, orientation: orientation)
        #expect(upright.width == width && upright.pixels == expected)
        #expect(upright.sourceWidth == width)
    }

    @Test func regionsAreOfTheUprightImage() throws {
        let part = try image([1, 2, 3, 4, 5, 6], .gray8, orientation: 6, region: RegionOfInterest(x: 0.5, y: 1, width: 1, height: 1.5))
        #expect(part.pixels == [5, 2, 6, 3] && part.originX == 0 && part.originY == 1 && part.sourceHeight == 3)
        for bad in [(5, 0, 1, 1), (0, 0, 0, 1), (.nan, 0, 1, 1), (0, 0, .infinity, 1), (-5, 0, 2, 1)] as [(Float, Float, Float, Float)] {
            #expect(throws: VisionError.self) {
                try image([1, 2, 3, 4, 5, 6], .gray8, region: RegionOfInterest(x: bad.0, y: bad.1, width: bad.2, height: bad.3))
            }
        }
    }

    @Test func badViewsAreErrors() {
        let six: [UInt8] = [1, 2, 3, 4, 5, 6]
        #expect(throws: VisionError.self) { try image(six, .gray8, width: 0) }
        #expect(throws: VisionError.self) { try image(six, .gray8, width: -3) }
        #expect(throws: VisionError.self) { try image(six, .gray8, width: 1 << 62, height: 4) }
        #expect(throws: VisionError.self) { try image(six, .gray8, stride: 2) }
        #expect(throws: VisionError.self) { try image(six, .gray8, stride: .min) }
        #expect(throws: VisionError.self) { try image(six, .gray8, orientation: 9) }
    }

    @Test func resizeRefusesWhatMakesNoSense() throws {
        let image = try image(Self.rgb, .rgb8)
        for (width, height) in [(0, 1), (1, 0), (-1, 1), (1 << 40, 1), (1 << 20, 1 << 20)] {
            #expect(throws: VisionError.self) { try image.resized(width: width, height: height, filter: .bicubic) }
        }
        for box in [
            ResizeBox(left: 1, top: 0, right: 1, bottom: 2), ResizeBox(left: -1, top: 0, right: 1, bottom: 2),
            ResizeBox(left: .nan, top: 0, right: 1, bottom: 1),
        ] {
            #expect(throws: VisionError.self) { try image.resized(width: 2, height: 2, filter: .bilinear, box: box) }
        }
        #expect(throws: VisionError.self) { try image.resized(width: 2, height: 2, filter: .box, region: PixelRegion(left: 1, top: 0, width: 2, height: 2)) }
    }

    /// A region is the same pixels as the whole, and strips run in any order are the same as one after the other.
    @Test(arguments: ResizeFilter.allCases) func regionsAndStripsAreParts(_ filter: ResizeFilter) throws {
        let photo = try Image(contentsOf: Oracle.resources + "/preprocess/cat.jpg")
        let backwards = unsafe Parallel { step in
            let work = unsafe step.pointee
            for task in unsafe (0..<work.tasks).reversed() { unsafe work.run?(work.arguments, task, task + 1, nil) }
        }
        for (width, height) in [(123, 77), (600, 90), (90, 400), (451, 100), (100, 300)] {
            let whole = try photo.resized(width: width, height: height, filter: filter)
            let part = try photo.resized(
                width: width, height: height, filter: filter, region: PixelRegion(left: 31, top: 17, width: 40, height: 50), parallel: backwards)
            #expect(try whole.cropped(left: 31, top: 17, width: 40, height: 50).pixels == part.pixels)
            let gray = try Image(width: 451, height: 300, channels: 1, pixels: stride(from: 1, to: 451 * 300 * 3, by: 3).map { photo.pixels[$0] })
            let green = try gray.resized(width: width, height: height, filter: filter).pixels
            #expect(green == stride(from: 1, to: whole.pixels.count, by: 3).map { whole.pixels[$0] })
        }
    }

    @Test(arguments: [OPSIN_ISA_GENERIC, OPSIN_ISA_AVX2]) func everyInstructionSetGivesTheSameBits(_ isa: opsin_isa) throws {
        guard isa.rawValue <= opsin_resize_isa().rawValue else { return }
        let forced = unsafe Parallel { step in
            let work = unsafe step.pointee
            guard var pass = unsafe work.arguments?.load(as: opsin_resize_pass.self) else { return }
            unsafe pass.isa = isa
            unsafe work.run?(&pass, 0, work.tasks, nil)
        }
        let photo = try Image(contentsOf: Oracle.resources + "/preprocess/cat.jpg")
        let gray = try Image(width: 451, height: 300, channels: 1, pixels: Array(photo.pixels[0..<451 * 300]))
        for filter in ResizeFilter.allCases {
            for (width, height) in [(123, 77), (900, 40), (451, 299), (40, 300)] {
                for image in [photo, gray] {
                    let best = try image.resized(width: width, height: height, filter: filter)
                    #expect(try image.resized(width: width, height: height, filter: filter, parallel: forced) == best)
                }
            }
        }
    }

    @Test func encodersRoundTrip() throws {
        let photo = try Image(contentsOf: Oracle.resources + "/preprocess/astronaut.jpg")
        for level in [0, 1, 9] {
            let png = try photo.png(level: level)
            #expect(try Image(decoding: png.span).pixels == photo.pixels)
        }
        let gray = try image([1, 2, 3, 4, 5, 6], .gray8)
        for picture in [photo, gray] {
            let pnm = picture.pnm()
            #expect(try Image(decoding: pnm.span) == picture)
            let png = try picture.png()
            #expect(try Image(decoding: png.span) == picture)
        }
        let deep = try Gray16(width: 3, height: 2, values: [0, 257, 514, 65_535, 32_896, 128]).png()
        #expect(Array(deep[24..<26]) == [16, 0])
        #expect(try Image(decoding: deep.span).pixels == [0, 1, 2, 255, 128, 0])
        #expect(throws: VisionError.self) { try photo.png(level: 10) }
    }

    @Test func aReducedDecodeKeepsTheShorterSide() throws {
        let path = Oracle.resources + "/preprocess/cat.jpg"
        let full = try Image(contentsOf: path)
        let half = try Image(contentsOf: path, options: DecodeOptions(reduceToShortestSide: 150))
        #expect([half.width, half.height, half.reduction] == [226, 150, 2] && half.sourceWidth == full.width && half.sourceHeight == full.height)
        #expect(try Image(contentsOf: path, options: DecodeOptions(reduceToShortestSide: 151)) == full)
        let part = try half.cropped(to: RegionOfInterest(x: 100, y: 20, width: 60, height: 40))
        #expect([part.originX, part.originY, part.width, part.height] == [100, 20, 30, 20])
        let geometry = try PreprocessRecipe(timm: ["pretrained_cfg": ["crop_pct": 1]]).apply(half).geometry
        #expect(geometry.coveredWidth == 451 && geometry.coveredHeight == 300)
    }

    @Test func filesThatAreNoneAreNamed() {
        for path in ["/nowhere/photo.jpg", Oracle.resources, "/dev/null"] {
            do {
                _ = try Image(contentsOf: path)
                Issue.record("\(path) was accepted")
            } catch {
                #expect(error.code == .file && error.description.hasPrefix(path))
            }
        }
        #expect(throws: VisionError.self) { try Image(width: 1, height: 1, channels: 1, pixels: [1]).write(to: "/tmp/photo.gif") }
    }

    func bytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] { unsafe values.withUnsafeBytes { unsafe Array($0) } }
}

import CKernels
import Glibc
import OpsinModels
import OpsinVision
import Testing

/// Upsampling with argmax in one: the segmentation cases of `oracle/vision/postprocess`, and the rules that they do not show.
@Suite struct LabelMaskTests {
    static let isas: [opsin_isa] = {
        let here = opsin_cpu_detect()
        return [(OPSIN_ISA_GENERIC, here.generic), (OPSIN_ISA_NEON, here.neon), (OPSIN_ISA_AVX2, here.avx2), (OPSIN_ISA_AVX512, here.avx512)].filter(\.1).map(
            \.0)
    }()

    /// Noise that is the same on every machine.
    static func noise(_ count: Int) -> [Float] {
        var state: UInt64 = 7
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) * 0x1p-22 - 2
        }
    }

    static func stretched(_ width: Int, _ height: Int) throws -> ImageMapping {
        try ImageMapping(imageWidth: width, imageHeight: height, inputWidth: 64, inputHeight: 64)
    }

    @Test(arguments: isas) func everyGoldenIsEqual(_ isa: opsin_isa) throws {
        let folder = Oracle.resources + "/postprocess"
        let tensors = try FloatTensors(folder + "/segmentation.safetensors")
        let items = try Oracle.cases(folder + "/segmentation.json")
        #expect(items.count == 7)
        for item in items {
            let name = item["name"]?.string ?? "", logits = item["inputs"]?.array?.first?.string ?? ""
            let shape = tensors.shape(logits), size = item["target_size"]?.array?.compactMap(\.int) ?? [shape[2], shape[3]]
            let mask = try LabelMask(
                logits: tensors[logits], classes: shape[1], rows: shape[2], columns: shape[3], mapping: Self.stretched(size[1], size[0]), isa: isa)
            let expected = tensors.bytes(item["outputs"]?.string ?? "")
            let off = zip(mask.labels, expected).count { Int($0) != Int($1) }
            #expect(mask.labels.count == expected.count && off <= item["near_ties"]?.int ?? 0, "\(name): \(off) pixels differ")
            #expect(mask.counts == (0..<shape[1]).map { label in mask.labels.count { Int($0) == label } }, "\(name)")
        }
    }

    /// Interpolation and argmax in Double, by the definition; pixels whose two best logits are nearer than rounding are left out.
    @Test(arguments: isas, [(1, 1, 1), (2, 3, 2), (21, 9, 7), (16, 5, 1), (17, 1, 6), (70, 4, 4)])
    func theDefinitionIsKept(_ isa: opsin_isa, _ size: (classes: Int, rows: Int, columns: Int)) throws {
        let (classes, rows, columns) = size
        let logits = Self.noise(classes * rows * columns)
        for (width, height) in [(1, 1), (3, 50), (97, 41), (200, 9)] {
            let mask = try LabelMask(
                logits: logits, classes: classes, rows: rows, columns: columns, mapping: Self.stretched(width, height),
                wanted: .init(confidence: true, probabilities: true), isa: isa)
            let confidence = try #require(mask.confidence), probabilities = try #require(mask.probabilities)
            #expect(probabilities.count == width * height * classes)
            for y in 0..<height {
                for x in 0..<width {
                    let values = Self.interpolated(logits, classes, rows, columns, (Double(x) + 0.5) / Double(width), (Double(y) + 0.5) / Double(height))
                    let largest = values.max() ?? 0, sum = values.reduce(0) { $0 + exp($1 - largest) }
                    let pixel = y * width + x, label = Int(mask.labels[pixel])
                    #expect(values[label] > largest - 1e-5, "\(x), \(y) of \(width) x \(height)")
                    #expect(abs(Double(confidence[pixel]) - 1 / sum) < 1e-5)
                    for c in 0..<classes { #expect(abs(Double(probabilities[pixel * classes + c]) - exp(values[c] - largest) / sum) < 1e-5) }
                }
            }
        }
    }

    static func interpolated(_ logits: [Float], _ classes: Int, _ rows: Int, _ columns: Int, _ x: Double, _ y: Double) -> [Double] {
        func place(_ share: Double, _ count: Int) -> (Int, Int, Double) {
            let position = min(max(share * Double(count) - 0.5, 0), Double(count - 1)), first = Int(position)
            return (first, min(first + 1, count - 1), position - Double(first))
        }
        let (x0, x1, right) = place(x, columns), (y0, y1, down) = place(y, rows)
        return (0..<classes).map { c in
            func at(_ y: Int, _ x: Int) -> Double { Double(logits[(c * rows + y) * columns + x]) }
            return (at(y0, x0) * (1 - right) + at(y0, x1) * right) * (1 - down) + (at(y1, x0) * (1 - right) + at(y1, x1) * right) * down
        }
    }

    @Test(arguments: isas) func equalLogitsGiveTheLowestLabel(_ isa: opsin_isa) throws {
        for (best, classes) in [([0, 1], 2), ([3, 20], 21), ([5, 17, 18], 40)] {
            var logits = [Float](repeating: -1, count: classes * 4)
            for label in best { for cell in 0..<4 { logits[label * 4 + cell] = 2 } }
            let mask = try LabelMask(logits: logits, classes: classes, rows: 2, columns: 2, mapping: Self.stretched(7, 5), isa: isa)
            #expect(mask.labels.allSatisfy { Int($0) == best[0] })
        }
    }

    /// The recipe of DeepLabV3 as Google publishes it: shortest side to 545, the middle 513 x 513.
    @Test func whatACropCutsOffIsOutside() throws {
        let cropped = PreprocessRecipe.deepLab545
        for (width, height) in [(451, 300), (300, 451), (1090, 545)] {
            let mapping = ImageMapping(try cropped.geometry(width: width, height: height))
            let mask = try LabelMask(logits: [1, 1, 1, 1], classes: 1, rows: 2, columns: 2, mapping: mapping, wanted: .init(confidence: true))
            let scale = 545 / Double(min(width, height))
            for y in 0..<height {
                for x in 0..<width {
                    let (inputX, inputY) = mapping.inputPoint(x: Double(x) + 0.5, y: Double(y) + 0.5)
                    let isSeen = inputX >= 0 && inputX < 513 && inputY >= 0 && inputY < 513
                    #expect(mask.labels[y * width + x] == (isSeen ? 0 : LabelMask.outside))
                    #expect(mask.confidence?[y * width + x] == (isSeen ? 1 : 0))
                }
            }
            let seen = Double(mask.counts[0]) / Double(width * height), expected = 513 / scale * 513 / scale / Double(width * height)
            #expect(abs(seen - expected) < 0.01)
        }
    }

    /// The whole photo at its aspect: every pixel is seen, and where is what the geometry says.
    @Test func theWholePhotoIsSeen() throws {
        for recipe in [PreprocessRecipe.deepLab545, .squash513] {
            let geometry = try recipe.whole.geometry(width: 451, height: 300)
            #expect((geometry.width, geometry.height, geometry.resizedWidth, geometry.resizedHeight) == (513, 513, 513, 341))
            // The lower half of the logits is under the padding, all but its upper edge.
            let logits = (0..<2).flatMap { label in (0..<9).map { Float(($0 / 3 == 2) == (label == 1) ? 1 : 0) } }
            let mask = try LabelMask(logits: logits, classes: 2, rows: 3, columns: 3, mapping: ImageMapping(geometry))
            #expect(mask.counts.reduce(0, +) == 451 * 300 && !mask.labels.contains(LabelMask.outside))
            // Half way from the second row's centre to the third's: row 342 of the input, which the photo does not reach.
            #expect(mask.counts[1] == 0)
        }
    }

    @Test func aRegionOfInterestLeavesTheRestOutside() throws {
        let mapping = try ImageMapping(
            imageWidth: 10, imageHeight: 8, inputWidth: 64, inputHeight: 64, source: .init(x: 3, y: 2, width: 4, height: 5),
            target: .init(x: 0, y: 0, width: 64, height: 64))
        let mask = try LabelMask(logits: [0], classes: 1, rows: 1, columns: 1, mapping: mapping)
        for y in 0..<8 { for x in 0..<10 { #expect((mask.labels[y * 10 + x] == 0) == ((3..<7).contains(x) && (2..<7).contains(y))) } }
    }

    @Test func whatDoesNotFitIsAnError() throws {
        func failure(_ logits: [Float], _ classes: Int, _ rows: Int, _ columns: Int, _ width: Int = 4, _ height: Int = 4, probabilities: Bool = false) -> String
        {
            do {
                _ = try LabelMask(
                    logits: logits, classes: classes, rows: rows, columns: columns, mapping: Self.stretched(width, height),
                    wanted: .init(probabilities: probabilities))
                return ""
            } catch { return "\(error)" }
        }
        #expect(failure([1, .nan], 2, 1, 1).contains("expected finite logits, found nan for label 1"))
        #expect(failure([1, -.infinity], 1, 1, 2).contains("expected finite logits, found -inf for label 0"))
        #expect(failure([1, 2], 2, 1, 2).contains("2 logits, expected 2 labels x 1 rows x 2 columns"))
        #expect(failure([], 0, 1, 1).contains("a mask of 0 labels, expected 1 to 65535"))
        #expect(failure([1], 65536, 1, 1).contains("a mask of 65536 labels"))
        // Nothing of these sizes is allocated: each says so at once.
        #expect(failure([1], 1, 1, 1, 46341, 46341).contains("a mask of 46341 x 46341 pixels, expected at most 2^31"))
        #expect(failure([1], 1, 1, 1, Int(Int32.max), Int(Int32.max)).contains("expected at most 2^31"))
        #expect(failure([1, 2], 2, 1, 1, 40000, 40000, probabilities: true).contains("expected at most 2^31 numbers"))
        // Numbers of a geometry that another program made up.
        for length in [1e-300, 1e300] {
            let odd = try ImageMapping(
                imageWidth: 5, imageHeight: 5, inputWidth: 9, inputHeight: 9, source: .init(x: 2.5, y: -1e300, width: length, height: 1),
                target: .init(x: 1e300, y: 0, width: 1, height: length))
            #expect(try LabelMask(logits: [0, 1, 2, 3], classes: 1, rows: 2, columns: 2, mapping: odd).labels.count == 25)
        }
    }
}

extension PreprocessRecipe {
    /// transformers' recipe of DeepLabV3 on MobileNetV2: shortest side 545, centre crop 513.
    static let deepLab545 = recipe(["shortest_edge": 545], crop: true)
    /// The recipe of the folder that ships.
    static let squash513 = recipe(["height": 513, "width": 513], crop: false)

    private static func recipe(_ size: JSON, crop: Bool) -> PreprocessRecipe {
        let config: JSON = [
            "image_processor_type": "MobileNetV2ImageProcessor", "size": size, "do_center_crop": .bool(crop), "crop_size": ["height": 513, "width": 513],
        ]
        return (try? PreprocessRecipe(transformers: config)) ?? PreprocessRecipe()
    }
}

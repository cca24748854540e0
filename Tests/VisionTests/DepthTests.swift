import CKernels
import OpsinModels
import OpsinVision
import Testing

/// Depth maps at the size of the photo: the depth cases of `oracle/vision/postprocess`, regions, values that are no numbers.
@Suite struct DepthTests {
    static let isas: [opsin_isa] = {
        let found = opsin_cpu_detect()
        return [(OPSIN_ISA_GENERIC, found.generic), (OPSIN_ISA_AVX2, found.avx2), (OPSIN_ISA_AVX512, found.avx512), (OPSIN_ISA_NEON, found.neon)]
            .filter(\.1).map(\.0)
    }()

    /// Each task by itself, the last one first: as threads might run them.
    static let shuffled = unsafe Parallel { step in
        let work = unsafe step.pointee
        for task in unsafe (0..<work.tasks).reversed() { unsafe work.run?(work.arguments, task, task + 1, nil) }
    }

    func whole(_ width: Int, _ height: Int, input: (Int, Int)) throws -> ImageMapping {
        try ImageMapping(imageWidth: width, imageHeight: height, inputWidth: input.0, inputHeight: input.1)
    }

    @Test(arguments: isas) func everyGoldenIsEqual(isa: opsin_isa) throws {
        let folder = Oracle.resources + "/postprocess"
        let tensors = try FloatTensors(folder + "/depth.safetensors")
        let items = try Oracle.cases(folder + "/depth.json")
        #expect(items.count == 3)
        let predicted = tensors["depth.predicted"], shape = tensors.shape("depth.predicted")
        for item in items {
            let name = item["name"]?.string ?? "", size = item["target_size"]?.array?.compactMap(\.int) ?? []
            let expected = tensors[name]
            let least = try #require(expected.min()), largest = try #require(expected.max())
            for parallel in [Parallel.serial, Self.shuffled] {
                let plane = try DepthPlane(
                    predicted: predicted, rows: shape[1], columns: shape[2], mapping: whole(size[1], size[0], input: (shape[2], shape[1])), isa: isa,
                    parallel: parallel)
                #expect([plane.height, plane.width] == size && plane.values.count == expected.count)
                let worst = zip(plane.values, expected).map { abs($0 - $1) }.max() ?? .infinity
                #expect(worst <= 1e-5 * (largest - least), "\(name): off by \(worst)")
                #expect(plane.range == (plane.values.min() ?? 0)...(plane.values.max() ?? 0), "\(name)")
            }
        }
    }

    /// A photo of which only a part was seen: that part is as if it were a photo of its own, the rest is no number.
    @Test func aRegionLiesInItsPlace() throws {
        let predicted = (0..<63).map { Float($0 % 9) * 0.5 + Float($0 / 9) }
        let alone = try DepthPlane(predicted: predicted, rows: 7, columns: 9, mapping: whole(20, 30, input: (18, 14)))
        let mapping = try ImageMapping(
            imageWidth: 50, imageHeight: 41, inputWidth: 18, inputHeight: 14, source: ImageMapping.Rectangle(x: 5, y: 8, width: 20, height: 30),
            target: ImageMapping.Rectangle(x: 0, y: 0, width: 18, height: 14))
        let plane = try DepthPlane(predicted: predicted, rows: 7, columns: 9, mapping: mapping)
        #expect(plane.values.count == 2050)
        for y in 0..<41 {
            for x in 0..<50 {
                let value = plane.values[y * 50 + x]
                let isInside = (5..<25).contains(x) && (8..<38).contains(y)
                #expect(isInside ? abs(value - alone.values[(y - 8) * 20 + x - 5]) <= 1e-5 : value.isNaN)
            }
        }
        let range = try #require(plane.range), expected = try #require(alone.range)
        #expect(abs(range.lowerBound - expected.lowerBound) <= 1e-5 && abs(range.upperBound - expected.upperBound) <= 1e-5)
    }

    /// Where the model's input is padded, the padding is not stretched over the photo; where it is a crop, what was cut off stays unknown.
    @Test func paddingIsLeftOutAndACropIsNoMore() throws {
        // A ramp of 40 columns, of which 10 to 30 are the photo.
        let ramp = (0..<40).map { Float($0) }
        let padded = try ImageMapping(
            imageWidth: 20, imageHeight: 1, inputWidth: 40, inputHeight: 1, source: ImageMapping.Rectangle(x: 0, y: 0, width: 20, height: 1),
            target: ImageMapping.Rectangle(x: 10, y: 0, width: 20, height: 1))
        let inner = try DepthPlane(predicted: ramp, rows: 1, columns: 40, mapping: padded)
        #expect(zip(inner.values, 10..<30).allSatisfy { abs($0 - Float($1)) <= 1e-4 })
        let cropped = try ImageMapping(
            imageWidth: 60, imageHeight: 1, inputWidth: 40, inputHeight: 1, source: ImageMapping.Rectangle(x: 0, y: 0, width: 60, height: 1),
            target: ImageMapping.Rectangle(x: -10, y: 0, width: 60, height: 1))
        let outer = try DepthPlane(predicted: ramp, rows: 1, columns: 40, mapping: cropped)
        #expect(outer.values[..<10].allSatisfy(\.isNaN) && outer.values[50...].allSatisfy(\.isNaN))
        #expect(zip(outer.values[10..<50], ramp).allSatisfy { abs($0 - $1) <= 1e-4 })
    }

    @Test(arguments: isas) func theRangeIsOfFiniteValues(isa: opsin_isa) throws {
        // Rows apart enough that none of the four that make a row of the result mixes two kinds.
        var predicted = [Float](repeating: 5, count: 40 * 33)
        for x in 0..<33 { (predicted[x], predicted[10 * 33 + x], predicted[20 * 33 + x], predicted[30 * 33 + x]) = (.nan, .infinity, -.infinity, -2) }
        let plane = try DepthPlane(predicted: predicted, rows: 40, columns: 33, mapping: whole(33, 40, input: (33, 40)), isa: isa)
        #expect(plane.range == -2...5)
        let none = try DepthPlane(predicted: [.nan], rows: 1, columns: 1, mapping: whole(17, 3, input: (1, 1)), isa: isa)
        #expect(none.range == nil && none.values.count == 51)
    }

    @Test func whatDoesNotFitIsAnError() throws {
        let mapping = try whole(10, 10, input: (10, 10))
        #expect(throws: VisionError.self) { try DepthPlane(predicted: [1, 2, 3], rows: 2, columns: 2, mapping: mapping) }
        #expect(throws: VisionError.self) { try DepthPlane(predicted: [], rows: 0, columns: 0, mapping: mapping) }
        #expect(throws: VisionError.self) { try DepthPlane(predicted: [1], rows: .max, columns: .max, mapping: mapping) }
        for (width, height) in [(Int.max, 1), (1 << 20, 1 << 20), (1 << 21, 1)] {
            let huge = try whole(width, height, input: (1, 1))
            #expect(throws: VisionError.self) { try DepthPlane(predicted: [1], rows: 1, columns: 1, mapping: huge) }
        }
        // Numbers out of another program that point nowhere near the photo.
        for x in [1e300, -1e300] {
            let astray = try ImageMapping(
                imageWidth: 9, imageHeight: 9, inputWidth: 9, inputHeight: 9, source: ImageMapping.Rectangle(x: x, y: 0, width: 1e-300, height: 9),
                target: ImageMapping.Rectangle(x: 0, y: x, width: 1e300, height: 1))
            let plane = try DepthPlane(predicted: [Float](repeating: 1, count: 81), rows: 9, columns: 9, mapping: astray)
            #expect(plane.range == nil && plane.values.allSatisfy(\.isNaN))
        }
    }

    /// `[float(np.float32(np.percentile(v.astype(np.float64), p))) for p in (0, 2, 25, 50, 77.7, 98, 100)]`
    @Test func percentilesAreNumpys() {
        let values: [Float] = [3, -1, 2, 0.5, -7.25, 100, 1e-3, -0.0, 2, 8]
        let expected: [Float] = [-7.25, -6.125, 0.0002500000118743628, 1.25, 2.993000030517578, 83.44000244140625, 100]
        for (percent, value) in zip([0, 2, 25, 50, 77.7, 98, 100], expected) {
            #expect(Percentile.linear(values + [.nan, .infinity, -.infinity], percent: percent) == value)
        }
        #expect(Percentile.linear([], percent: 50) == nil && Percentile.linear([.nan], percent: 50) == nil)
        #expect(Percentile.linear([4], percent: 99) == 4)
    }
}

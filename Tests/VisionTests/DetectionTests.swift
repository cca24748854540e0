import Glibc
import OpsinModels
import OpsinVision
import Testing

/// Sigmoid, top k over queries and classes, boxes: the detection cases of `oracle/vision/postprocess` (Scripts/copy_postprocess_cases.py).
@Suite struct DetectionTests {
    @Test func everyGoldenIsEqual() throws {
        let folder = Oracle.resources + "/postprocess"
        let tensors = try FloatTensors(folder + "/detection.safetensors")
        let items = try Oracle.cases(folder + "/detection.json")
        #expect(items.count == 5)
        for item in items {
            let name = item["name"]?.string ?? "", inputs = item["inputs"]?.array?.compactMap(\.string) ?? []
            let shape = tensors.shape(inputs[0]), classes = shape[2], queries = shape[1]
            let sizes = item["target_sizes"]?.array
            for image in 0..<shape[0] {
                let logits = Array(tensors[inputs[0]][image * queries * classes..<(image + 1) * queries * classes])
                let boxes = Array(tensors[inputs[1]][image * queries * 4..<(image + 1) * queries * 4])
                let size = sizes?[image].array?.compactMap(\.int) ?? [1, 1]
                // No size: boxes stay shares, as of a picture of one pixel.
                let mapping = try ImageMapping(imageWidth: size[1], imageHeight: size[0], inputWidth: 640, inputHeight: 480)
                let thresholds = item["thresholds"]?.array?.compactMap(\.double) ?? []
                for (place, threshold) in thresholds.enumerated() {
                    let kept = item["kept"]?.members?[place].value.array?[image].int ?? -1
                    let found = try Detection.best(item["top"]?.int ?? 100, ofLogits: logits, classes: classes, threshold: Float(threshold))
                    #expect(found.count == kept, "\(name).\(image) at \(threshold)")
                    let scores = tensors["\(name).\(image).scores"].prefix(kept), labels = tensors["\(name).\(image).labels"].prefix(kept)
                    #expect(found.map { Float($0.label) } == Array(labels), "\(name).\(image)")
                    #expect(zip(found, scores).allSatisfy { abs($0.score - $1) <= 1e-6 }, "\(name).\(image)")
                    let corners = found.flatMap { Detection.corners($0.query, of: boxes, mapping) ?? [] }
                    let want = tensors["\(name).\(image).boxes"].prefix(4 * kept)
                    #expect(corners.count == want.count && zip(corners, want).allSatisfy { abs($0 - $1) <= max(1e-3, 1e-6 * abs($1)) }, "\(name).\(image)")
                }
            }
        }
    }

    @Test func theThresholdIsStrictAndTiesKeepTheirOrder() throws {
        let found = try Detection.best(3, ofLogits: [1, 0, 1, 2, 1, 0], classes: 2, threshold: 0.5)
        #expect(found.map(\.query) == [1, 0, 1] && found.map(\.label) == [1, 0, 0])
        #expect(try Detection.best(9, ofLogits: [0, -1], classes: 2, threshold: 0.5).isEmpty)
        #expect(try Detection.best(0, ofLogits: [9], classes: 1, threshold: 0).isEmpty)
        // Scores that a float cannot tell from 1 are alike, in whichever order their logits are.
        #expect(try Detection.best(2, ofLogits: [18, 40, 19], classes: 1, threshold: 0.99).map(\.query) == [0, 1])
    }

    /// Against a sort of everything, with many classes and few that pass.
    @Test func theBestOfManyAreThoseOfAFullSort() throws {
        var state: UInt32 = 7
        let logits = (0..<6000).map { _ -> Float in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(state >> 8) / 1_048_576 - 12
        }
        for (count, threshold) in [(100, Float(0)), (7, 0.2), (6000, 0.5), (300, -1)] {
            let scores = logits.map { Float(1 / (1 + exp(-Double($0)))) }
            let admitted = scores.indices.filter { scores[$0] > threshold && $0 % 30 != 4 }
            let order = admitted.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
            let found = try Detection.best(count, ofLogits: logits, classes: 30, threshold: threshold, admits: { $0 != 4 })
            #expect(found.map { $0.query * 30 + $0.label } == Array(order.prefix(count)))
        }
    }

    @Test func whatIsNoNumberIsNoObject() throws {
        let found = try Detection.best(9, ofLogits: [.nan, 1, -.infinity, .infinity], classes: 2, threshold: 0)
        #expect(found.map(\.query) == [1, 0] && found.map(\.label) == [1, 1])
        let mapping = try ImageMapping(imageWidth: 10, imageHeight: 10, inputWidth: 10, inputHeight: 10)
        #expect(Detection.corners(0, of: [.nan, 0.5, 0.1, 0.1], mapping) == nil)
        #expect(Detection.corners(1, of: [0.5, 0.5, 0.1, 0.1], mapping) == nil && Detection.corners(-1, of: [], mapping) == nil)
        #expect(throws: VisionError.self) { try Detection.best(9, ofLogits: [1, 2, 3], classes: 2, threshold: 0) }
        #expect(throws: VisionError.self) { try Detection.best(9, ofLogits: [], classes: 2, threshold: 0) }
    }

    /// A box in the middle of the input, half as wide and high, through what recipes do: squash, padding at the right, a crop.
    @Test func boxesFollowTheRecipeBack() throws {
        let box: [Float] = [0.5, 0.5, 0.5, 0.5]
        func corners(_ source: [Double], _ target: [Double]) throws -> [Float]? {
            Detection.corners(
                0, of: box,
                try ImageMapping(
                    imageWidth: 640, imageHeight: 480, inputWidth: 320, inputHeight: 320,
                    source: .init(x: source[0], y: source[1], width: source[2], height: source[3]),
                    target: .init(x: target[0], y: target[1], width: target[2], height: target[3])))
        }
        #expect(try corners([0, 0, 640, 480], [0, 0, 320, 320]) == [160, 120, 480, 360])
        #expect(try corners([0, 0, 640, 480], [0, 0, 320, 240]) == [160, 160, 480, 480])
        #expect(try corners([0, 0, 640, 480], [-160, 0, 640, 320]) == [240, 120, 400, 360])
        #expect(try corners([100, 50, 64, 48], [0, 0, 320, 320]) == [116, 62, 148, 86])
    }
}

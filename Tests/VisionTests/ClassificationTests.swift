import OpsinModels
import OpsinVision
import Testing

/// Softmax, sigmoid and top k: the classification cases of `oracle/vision/postprocess`.
@Suite struct ClassificationTests {
    @Test func everyGoldenIsEqual() throws {
        let folder = Oracle.resources + "/postprocess"
        let tensors = try FloatTensors(folder + "/classification.safetensors")
        let items = try Oracle.cases(folder + "/classification.json")
        #expect(items.count == 5)
        for item in items {
            let name = item["name"]?.string ?? ""
            let logits = tensors[name + ".logits"]
            let scores = tensors[name + ".probabilities"]
            let labels = tensors[name + ".labels"]
            let shape = tensors.shape(name + ".logits")
            let kept = tensors.shape(name + ".labels")[1]
            for row in 0..<shape[0] {
                let one = Array(logits[row * shape[1]..<(row + 1) * shape[1]])
                let best = try Classification.top(item["k"]?.int ?? 0, of: Classification.probabilities(one))
                #expect(best.map { Float($0.label) } == Array(labels[row * kept..<(row + 1) * kept]), "\(name)")
                #expect(zip(best, scores[row * kept..<(row + 1) * kept]).allSatisfy { abs($0.score - $1) <= 1e-6 }, "\(name)")
            }
        }
    }

    @Test func equalScoresComeInTheOrderOfTheirLabels() {
        #expect(Classification.top(3, of: [0.1, 0.4, 0.4, 0.1]).map(\.label) == [1, 2, 0])
    }

    @Test func theThresholdIsStrict() {
        #expect(Classification.top(9, of: [0.5, 0.25, 0.75], threshold: 0.5).map(\.label) == [2])
        #expect(Classification.top(0, of: [1]).isEmpty && Classification.top(-3, of: [1]).isEmpty)
    }

    @Test func whatIsNoNumberIsAnError() {
        #expect(throws: VisionError.self) { try Classification.probabilities([1, .nan]) }
        #expect(throws: VisionError.self) { try Classification.probabilities([]) }
        #expect(throws: VisionError.self) { try Classification.probabilities([1, .infinity]) }
    }
}

import Glibc
import OpsinGraph
import Testing

/// The small ops of detectors: box refinement, sine embeddings, the best rows.
@Suite struct DetectionOpTests {
    func inverseSigmoid(_ x: Double, _ epsilon: Double) -> Double {
        let x = min(max(x, 0), 1)
        return log(max(x, epsilon) / max(1 - x, epsilon))
    }

    /// References inside, at and beyond both ends; a point moves two numbers only; one image's references for all.
    @Test(arguments: Backend.here, [(4, 1), (4, 2), (2, 1), (2, 2)])
    func refinesBoxes(_ backend: Backend, _ case: (size: Int, images: Int)) throws {
        let (size, referenceImages) = `case`
        let boxes = 70, epsilon = 1e-5
        let delta = try Tensor(n: 2, w: boxes, c: 4, seed: 1, scale: 3)
        var values = numbers(referenceImages * boxes * size, seed: 2, scale: 0.5).map { $0 + 0.5 }
        values.replaceSubrange(0..<8, with: [0, 1, -0.5, 1.5, 1e-7, 0.9999999, 0.5, 1e-5])
        let reference = Tensor(try Shape(n: referenceImages, h: 1, w: boxes, c: size), values)
        var want: [Double] = []
        for n in 0..<2 {
            for box in 0..<boxes {
                for c in 0..<4 {
                    let moved = c < size ? inverseSigmoid(reference[referenceImages == 1 ? 0 : n, 0, box, c], epsilon) : 0
                    want.append(1 / (1 + exp(-(delta[n, 0, box, c] + moved))))
                }
            }
        }
        try expect(.boxRefinement(BoxRefinement()), on: backend, [delta, reference], gives: want)
    }

    @Test(arguments: Backend.here, [2, 128])
    func embedsNumbers(_ backend: Backend, features: Int) throws {
        let x = try Tensor(n: 2, w: 7, c: 4, seed: 3, scale: 1)
        let want = x.values.flatMap { number in
            (0..<features).map { j in
                let angle = Double(number) * 2 * .pi / pow(10_000, Double(j / 2 * 2) / Double(features))
                return j % 2 == 0 ? sin(angle) : cos(angle)
            }
        }
        try expect(.sineEmbedding(SineEmbedding(features: features)), on: backend, [x], gives: want)
    }

    /// Scores with many ties, by the best class and by one class; as many as there are, and one; rows of one image for all.
    @Test(arguments: Backend.here, [(1, 1), (7, 3), (300, 300), (300, 100), (1000, 5)])
    func gathersTheBest(_ backend: Backend, _ case: (tokens: Int, count: Int)) throws {
        let (tokens, count) = `case`
        for (classes, score, rowImages) in [(1, TopKGather.Score.best, 2), (5, .best, 1), (5, .class(3), 2)] {
            let shape = try Shape(n: 2, h: 1, w: tokens, c: classes)
            let scores = Tensor(shape, numbers(shape.count, seed: 5, scale: 4).map { $0.rounded() })
            let rows = try Tensor(n: rowImages, w: tokens, c: 3, seed: 6)
            var want: [Double] = []
            for n in 0..<2 {
                let ranked = (0..<tokens).map { token in
                    let all = (0..<classes).map { scores[n, 0, token, $0] }
                    return if case .class(let index) = score { all[index] } else { all.max() ?? 0 }
                }
                // Swift's sort is stable.
                for token in (0..<tokens).sorted(by: { ranked[$0] > ranked[$1] }).prefix(count) {
                    for c in 0..<3 { want.append(rows[rowImages == 1 ? 0 : n, 0, token, c]) }
                }
            }
            try expect(.topKGather(TopKGather(count: count, score: score)), on: backend, [scores, rows], gives: want)
        }
    }

    /// NaN first, then infinity; 0 and -0 tie; all in the order of their tokens.
    @Test(arguments: Backend.here)
    func ranksWhatIsNoNumber(_ backend: Backend) throws {
        let values: [Float] = [-0.0, 1, -.infinity, 0, .nan, .infinity, -1, -.nan, 0]
        let scores = Tensor(try Shape(n: 1, h: 1, w: values.count, c: 1), values)
        let rows = Tensor(scores.shape, (0..<values.count).map { Float($0) })
        try expect(.topKGather(TopKGather(count: 9)), on: backend, [scores, rows], gives: [4, 7, 5, 1, 0, 3, 8, 6, 2])
    }

    @Test func refusesWhatDoesNotFit() throws {
        #expect(throws: GraphError.self) { try TopKGather(count: 0) }
        #expect(throws: GraphError.self) { try TopKGather(count: 1, score: .class(-1)) }
        #expect(throws: GraphError.self) { try SineEmbedding(features: 3) }
        #expect(throws: GraphError.self) { try BoxRefinement(epsilon: 0) }
        let ten = try Shape(n: 1, h: 1, w: 10, c: 4), nine = try Shape(n: 1, h: 1, w: 9, c: 4)
        #expect(throws: GraphError.self) { try TopKGather(count: 11).outputShape(of: [ten, ten]) }
        #expect(throws: GraphError.self) { try TopKGather(count: 3, score: .class(4)).outputShape(of: [ten, ten]) }
        #expect(throws: GraphError.self) { try TopKGather(count: 3).outputShape(of: [ten, nine]) }
        #expect(throws: GraphError.self) { try BoxRefinement().outputShape(of: [ten, nine]) }
        #expect(throws: GraphError.self) { try BoxRefinement().outputShape(of: [ten, ten.with(c: 3)]) }
    }
}

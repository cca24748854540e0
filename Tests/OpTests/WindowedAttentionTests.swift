import Glibc
import OpsinGraph
import OpsinVulkan
import Testing

@Suite struct WindowedAttentionTests {
    /// Sizes of one case.
    struct Sizes: Sendable, CustomTestStringConvertible {
        var images = 1
        var map: (h: Int, w: Int)
        var window: (h: Int, w: Int)
        var heads: Int
        var headSize: Int
        var hasBias = true
        var testDescription: String { "\(images)x\(map.h)x\(map.w) in \(window.h)x\(window.w), \(heads) heads of \(headSize)\(hasBias ? " with bias" : "")" }
    }

    static let cases: [Sizes] = [
        Sizes(map: (1, 1), window: (1, 1), heads: 1, headSize: 1),
        Sizes(images: 2, map: (4, 6), window: (2, 3), heads: 3, headSize: 5),
        Sizes(images: 2, map: (14, 7), window: (7, 7), heads: 1, headSize: 32),
        Sizes(map: (8, 16), window: (8, 8), heads: 2, headSize: 32),
        Sizes(map: (14, 14), window: (14, 14), heads: 1, headSize: 32),
        Sizes(map: (3, 40), window: (3, 20), heads: 1, headSize: 17),
        Sizes(map: (6, 34), window: (6, 17), heads: 2, headSize: 33),
        Sizes(map: (35, 2), window: (35, 1), heads: 2, headSize: 130),
        Sizes(images: 2, map: (1, 150), window: (1, 150), heads: 1, headSize: 16, hasBias: false),
    ]

    func inputs(_ s: Sizes) throws -> [Tensor] {
        try (1...3).map { try Tensor(n: s.images, h: s.map.h, w: s.map.w, c: s.heads * s.headSize, seed: UInt64($0), scale: 1) }
    }

    func bias(_ s: Sizes) -> [Float]? { s.hasBias ? numbers(s.heads * (2 * s.window.h - 1) * (2 * s.window.w - 1), seed: 9, scale: 1) : nil }

    func op(_ s: Sizes, scale: Float) throws -> WindowedAttention {
        try WindowedAttention(heads: s.heads, windowHeight: s.window.h, windowWidth: s.window.w, scale: scale, positionBias: bias(s))
    }

    /// The definition in Double, query by query.
    func reference(_ s: Sizes, _ x: [Tensor], scale: Double) -> [Double] {
        let table = bias(s), (wh, ww) = s.window
        var y: [Double] = []
        for n in 0..<s.images {
            for row in 0..<s.map.h {
                for column in 0..<s.map.w {
                    let top = row / wh * wh, left = column / ww * ww
                    let keys = (0..<wh * ww).map { (h: top + $0 / ww, w: left + $0 % ww) }
                    for head in 0..<s.heads {
                        let channels = head * s.headSize..<(head + 1) * s.headSize
                        let scores = keys.map { key in
                            let at = (head * (2 * wh - 1) + key.h - row + wh - 1) * (2 * ww - 1) + key.w - column + ww - 1
                            return channels.reduce(0.0) { $0 + x[0][n, row, column, $1] * x[1][n, key.h, key.w, $1] } * scale + Double(table?[at] ?? 0)
                        }
                        let p = SoftmaxTests.reference(scores)
                        for c in channels { y.append(zip(keys, p).reduce(0.0) { $0 + $1.1 * x[2][n, $1.0.h, $1.0.w, c] }) }
                    }
                }
            }
        }
        return y
    }

    @Test(arguments: cases)
    func everySize(_ sizes: Sizes) throws {
        let x = try inputs(sizes), scale = Float(1 / Double(sizes.headSize).squareRoot()), want = reference(sizes, x, scale: Double(scale))
        for backend in Backend.here { try expect(.windowedAttention(op(sizes, scale: scale)), on: backend, x, gives: want, alike: sizes.map == (1, 1)) }
    }

    /// A window as large as the map is Attention.
    @Test(arguments: Backend.here)
    func theWholeMapIsAttention(_ backend: Backend) throws {
        let s = Sizes(images: 2, map: (9, 15), window: (9, 15), heads: 2, headSize: 32, hasBias: false)
        let x = try inputs(s)
        let global = try run(.attention(Attention(heads: 2, keyValueHeads: 2, scale: 0.25)), on: backend, inputs: x)
        try expect(.windowedAttention(op(s, scale: 0.25)), on: backend, x, gives: global.map(Double.init))
    }

    /// Activations that fp16 could not square: scores of order 1e9 leave one key, and no NaN.
    @Test(arguments: Backend.here)
    func largeActivations(_ backend: Backend) throws {
        let s = Sizes(map: (4, 4), window: (4, 4), heads: 1, headSize: 32)
        let x = try inputs(s).map { Tensor($0.shape, $0.values.map { $0 * 30_000 }) }
        try expect(.windowedAttention(op(s, scale: 1)), on: backend, x, gives: reference(s, x, scale: 1))
    }

    /// Random shapes; the numbers are torch's (Scripts/windowed_attention_golden.py), which cuts the windows and gathers the biases in its own way.
    @Test(arguments: Backend.here)
    func ofPyTorch(_ backend: Backend) throws {
        for (sizes, expected) in Self.golden {
            let scale = Float(1 / Double(sizes.headSize).squareRoot())
            let y = try run(.windowedAttention(op(sizes, scale: scale)), on: backend, inputs: inputs(sizes)), step = max(1, y.count / 24)
            #expect(expected.count == 24 && Set(expected).count == 24)
            // The magnitude of the values, which are means of numbers up to 1, is what fp16 storage rounds.
            for (index, want) in expected.enumerated()
            where abs(Double(y[index * step]) - want) > (backend.vulkan == .f16 ? 2e-3 : 2e-6) {
                Issue.record("\(sizes.testDescription) on \(backend.testDescription): element \(index * step) is \(y[index * step]), torch gives \(want)")
            }
        }
    }

    @Test func refusesWhatDoesNotFit() throws {
        #expect(throws: GraphError.self) { try WindowedAttention(heads: 2, windowHeight: 2, windowWidth: 2, scale: 1, positionBias: [0]) }
        #expect(throws: GraphError.self) { try WindowedAttention(heads: 0, windowHeight: 2, windowWidth: 2, scale: 1) }
        #expect(throws: GraphError.self) { try WindowedAttention(heads: 1, windowHeight: 2, windowWidth: 5000, scale: 1) }
        let op = try WindowedAttention(heads: 2, windowHeight: 2, windowWidth: 3, scale: 1)
        let map = try Shape(n: 1, h: 4, w: 7, c: 4)
        #expect(throws: GraphError.self) { try op.outputShape(of: [map, map, map]) }
    }
}

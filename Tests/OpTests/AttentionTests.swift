import Glibc
import OpsinGraph
import Testing

@Suite struct AttentionTests {
    /// Sizes of one case; queries and keys are `[n, 1, tokens, ...]`.
    struct Sizes: Sendable, CustomTestStringConvertible {
        var images = 1
        var queries: Int
        var keys: Int
        var heads: Int
        var keyValueHeads: Int
        var headSize: Int
        var valueSize: Int
        var testDescription: String { "\(images)x\(queries)x\(keys), \(heads)/\(keyValueHeads) heads of \(headSize)/\(valueSize)" }
    }

    static let cases = [
        Sizes(queries: 1, keys: 1, heads: 1, keyValueHeads: 1, headSize: 1, valueSize: 3),
        Sizes(images: 2, queries: 7, keys: 5, heads: 3, keyValueHeads: 3, headSize: 5, valueSize: 7),
        Sizes(images: 3, queries: 13, keys: 17, heads: 4, keyValueHeads: 1, headSize: 16, valueSize: 15),
        Sizes(queries: 49, keys: 49, heads: 2, keyValueHeads: 2, headSize: 32, valueSize: 32),
        Sizes(queries: 30, keys: 129, heads: 4, keyValueHeads: 2, headSize: 48, valueSize: 48),
        Sizes(queries: 64, keys: 16, heads: 4, keyValueHeads: 1, headSize: 64, valueSize: 64),
        Sizes(queries: 5, keys: 300, heads: 1, keyValueHeads: 1, headSize: 113, valueSize: 17),
        Sizes(queries: 3, keys: 33, heads: 2, keyValueHeads: 1, headSize: 300, valueSize: 130),
    ]

    func inputs(_ s: Sizes, scale: Float = 2) throws -> [Tensor] {
        [
            try Tensor(n: s.images, w: s.queries, c: s.heads * s.headSize, seed: 1, scale: scale),
            try Tensor(n: s.images, w: s.keys, c: s.keyValueHeads * s.headSize, seed: 2, scale: scale),
            try Tensor(n: s.images, w: s.keys, c: s.keyValueHeads * s.valueSize, seed: 3),
        ]
    }

    func reference(_ s: Sizes, _ x: [Tensor], scale: Double) -> [Double] {
        var y: [Double] = []
        for n in 0..<s.images {
            for t in 0..<s.queries {
                for head in 0..<s.heads {
                    let source = head / (s.heads / s.keyValueHeads)
                    let scores = (0..<s.keys).map { key in
                        (0..<s.headSize).reduce(0.0) { $0 + x[0][n, 0, t, head * s.headSize + $1] * x[1][n, 0, key, source * s.headSize + $1] } * scale
                    }
                    let p = SoftmaxTests.reference(scores)
                    for j in 0..<s.valueSize { y.append((0..<s.keys).reduce(0.0) { $0 + p[$1] * x[2][n, 0, $1, source * s.valueSize + j] }) }
                }
            }
        }
        return y
    }

    @Test(arguments: Backend.here + Backend.bf16, cases)
    func everySize(_ backend: Backend, sizes: Sizes) throws {
        let x = try inputs(sizes, scale: 1), scale = Float(1 / Double(sizes.headSize).squareRoot())
        let op = try Attention(heads: sizes.heads, keyValueHeads: sizes.keyValueHeads, scale: scale)
        try expect(.attention(op), on: backend, x, gives: reference(sizes, x, scale: Double(scale)))
    }

    /// Scores up to 125, growing from block to block of keys, so that every block rescales what came before.
    @Test(arguments: Backend.here)
    func growingScores(_ backend: Backend) throws {
        let s = Sizes(queries: 14, keys: 400, heads: 2, keyValueHeads: 1, headSize: 1, valueSize: 16)
        let x = [
            Tensor(try Shape(n: 1, h: 1, w: 14, c: 2), (0..<28).map { Float($0 % 5 + 1) }),
            Tensor(try Shape(n: 1, h: 1, w: 400, c: 1), (0..<400).map { Float($0) / 16 }),
            try Tensor(w: 400, c: 16, seed: 3),
        ]
        try expect(.attention(Attention(heads: 2, keyValueHeads: 1, scale: 1)), on: backend, x, gives: reference(s, x, scale: 1))
    }

    /// A NaN in one query makes that query's rows NaN, and only those of its head.
    @Test(arguments: Backend.here + Backend.bf16)
    func notANumber(_ backend: Backend) throws {
        let s = Sizes(queries: 15, keys: 20, heads: 2, keyValueHeads: 2, headSize: 3, valueSize: 2)
        var x = try inputs(s)
        var queries = x[0].values
        queries[4 * 6 + 1] = .nan
        x[0] = Tensor(x[0].shape, queries)
        try expect(.attention(Attention(heads: 2, keyValueHeads: 2, scale: 1)), on: backend, x, gives: reference(s, x, scale: 1))
    }

    /// `q = ((arange(24) * 7 % 11) - 5) / 4` as [1, 3, 2, 4], `k = ((arange(20) * 5 % 13) - 6) / 4` as [1, 5, 1, 4], `v = ((arange(15) * 3 % 7) - 3) / 2` as
    /// [1, 5, 1, 3], each with dimensions 1 and 2 exchanged; `F.scaled_dot_product_attention(q, k.expand, v.expand, scale=0.5)`, exchanged back; PyTorch 2.13.
    @Test(arguments: Backend.here)
    func ofPyTorch(_ backend: Backend) throws {
        let x = [
            Tensor(try Shape(n: 1, h: 1, w: 3, c: 8), (0..<24).map { Float($0 * 7 % 11 - 5) / 4 }),
            Tensor(try Shape(n: 1, h: 1, w: 5, c: 4), (0..<20).map { Float($0 * 5 % 13 - 6) / 4 }),
            Tensor(try Shape(n: 1, h: 1, w: 5, c: 3), (0..<15).map { Float($0 * 3 % 7 - 3) / 2 }),
        ]
        let want = [
            -0.260135651, 0.120497391, -0.200452194, -0.131705478, -0.27697286, 0.129013538, -0.628055573, -0.209181562, 0.0996117294, -0.111152738,
            -0.229635715, 0.0283073187, -0.594879746, -0.142917186, -0.0505236685, 0.465345263, 0.0381755494, 0.160360709,
        ]
        try expect(.attention(Attention(heads: 2, keyValueHeads: 1, scale: 0.5)), on: backend, x, gives: want)
    }
}

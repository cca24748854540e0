import Glibc
import OpsinGraph
import Testing

@Suite struct MultiScaleDeformableAttentionTests {
    typealias Level = MultiScaleDeformableAttention.Level

    /// Sizes of one case.
    struct Sizes: Sendable, CustomTestStringConvertible {
        var images = 1
        var queries: Int
        var heads: Int
        var size: Int
        var levels: [(h: Int, w: Int, points: Int)]
        /// Numbers of a query's references.
        var references = 2
        var testDescription: String { "\(images)x\(queries) queries, \(heads) heads of \(size), \(levels), references of \(references)" }

        var points: Int { levels.reduce(0) { $0 + $1.points } }
        var tokens: Int { levels.reduce(0) { $0 + $1.h * $1.w } }
    }

    /// Heads of every vector tail; sides of one, odd sides; more points than a vector has lanes, and no whole vector; one reference a level and for all.
    static let cases: [Sizes] = [
        Sizes(queries: 1, heads: 1, size: 1, levels: [(1, 1, 1)]),
        Sizes(images: 2, queries: 7, heads: 3, size: 5, levels: [(3, 5, 4), (2, 3, 4), (1, 2, 4)]),
        Sizes(images: 2, queries: 13, heads: 8, size: 32, levels: [(9, 13, 4), (5, 7, 4), (3, 4, 4), (2, 2, 4)]),
        Sizes(queries: 30, heads: 8, size: 8, levels: [(8, 6, 4), (4, 3, 2)], references: 4),
        Sizes(images: 2, queries: 3, heads: 2, size: 17, levels: [(5, 4, 7), (1, 7, 11), (3, 3, 3)], references: 12),
        Sizes(queries: 5, heads: 1, size: 48, levels: [(6, 6, 17)], references: 4),
        Sizes(queries: 2, heads: 2, size: 83, levels: [(4, 4, 16), (2, 9, 16)], references: 8),
        Sizes(queries: 200, heads: 1, size: 4, levels: [(7, 3, 3), (3, 1, 2), (2, 2, 1)], references: 6),
    ]

    func op(_ s: Sizes) throws -> MultiScaleDeformableAttention {
        try MultiScaleDeformableAttention(heads: s.heads, levels: s.levels.map { Level(height: $0.h, width: $0.w, points: $0.points) })
    }

    /// Values, offsets of a few pixels, logits, references in -0.25...1.25, the last ones of one image for all where `repeated`. Places are multiples of 1/64,
    /// so that their products with sides are exact: what is compared is the sampling, not the rounding of places.
    func inputs(_ s: Sizes, repeated: Bool) throws -> [Tensor] {
        func rounded(_ x: Tensor, plus: Float) -> Tensor { Tensor(x.shape, x.values.map { ($0 * 64).rounded() / 64 + plus }) }
        let references = try Tensor(n: repeated ? 1 : s.images, w: s.queries, c: s.references, seed: 4, scale: 0.75)
        return [
            try Tensor(n: s.images, w: s.tokens, c: s.heads * s.size, seed: 1),
            rounded(try Tensor(n: s.images, w: s.queries, c: s.heads * s.points * 2, seed: 2, scale: 3), plus: 0),
            try Tensor(n: s.images, w: s.queries, c: s.heads * s.points, seed: 3),
            rounded(references, plus: 0.5),
        ]
    }

    /// The definition in Double, corner by corner.
    func reference(_ s: Sizes, _ x: [Tensor]) -> [Double] {
        let areBoxes = s.references % 4 == 0 && (s.references == 4 || s.references == 4 * s.levels.count)
        let step = s.references <= 4 ? 0 : areBoxes ? 4 : 2
        var y: [Double] = []
        for n in 0..<s.images {
            for query in 0..<s.queries {
                for head in 0..<s.heads {
                    var sums = [Double](repeating: 0, count: s.size)
                    let weights = SoftmaxTests.reference((0..<s.points).map { x[2][n, 0, query, head * s.points + $0] })
                    var point = 0, first = 0
                    for (index, level) in s.levels.enumerated() {
                        let own = (0..<(areBoxes ? 4 : 2)).map { x[3][x[3].shape.n == 1 ? 0 : n, 0, query, index * step + $0] }
                        for _ in 0..<level.points {
                            let offset = (0..<2).map { x[1][n, 0, query, (head * s.points + point) * 2 + $0] }, sides = [Double(level.w), Double(level.h)]
                            let place = (0..<2).map { axis in
                                let moved = areBoxes ? offset[axis] / Double(level.points) * own[2 + axis] * 0.5 : offset[axis] / sides[axis]
                                return (own[axis] + moved) * sides[axis] - 0.5
                            }
                            let left = floor(place[0]), top = floor(place[1])
                            for (i, j) in [(0.0, 0.0), (0, 1), (1, 0), (1, 1)] {
                                let row = Int(top + i), column = Int(left + j)
                                guard (0..<level.h).contains(row), (0..<level.w).contains(column) else { continue }
                                let share = (1 - abs(top + i - place[1])) * (1 - abs(left + j - place[0])) * weights[point]
                                for c in 0..<s.size { sums[c] += share * x[0][n, 0, first + row * level.w + column, head * s.size + c] }
                            }
                            point += 1
                        }
                        first += level.h * level.w
                    }
                    y += sums
                }
            }
        }
        return y
    }

    @Test(arguments: Backend.here, cases)
    func everySize(_ backend: Backend, _ sizes: Sizes) throws {
        for repeated in sizes.images > 1 ? [false, true] : [true] {
            let x = try inputs(sizes, repeated: repeated)
            try expect(.multiScaleDeformableAttention(op(sizes)), on: backend, x, gives: reference(sizes, x))
        }
    }

    /// `Scripts/deformable_attention_golden.py`: torch's grid_sample in float64, shared points and a box a level.
    @Test(arguments: Backend.here)
    func ofTheReference(_ backend: Backend) throws {
        func numbers(_ count: Int, _ factor: Int, _ modulus: Int, _ scale: Float, plus: Float = 0) -> [Float] {
            (0..<count).map { Float($0 * factor % modulus - modulus / 2) / scale + plus }
        }
        let sizes = Sizes(queries: 3, heads: 2, size: 3, levels: [(3, 5, 2), (2, 1, 1)])
        let given = [
            Tensor(try Shape(n: 1, h: 1, w: 17, c: 6), numbers(17 * 6, 7, 11, 4)), Tensor(try Shape(n: 1, h: 1, w: 3, c: 12), numbers(36, 5, 13, 3)),
            Tensor(try Shape(n: 1, h: 1, w: 3, c: 6), numbers(18, 3, 7, 2)),
        ]
        let points: [Double] = [
            0.0821673713, -0.0931230208, 0.195223588, -0.154337714, 0.109138402, -0.0548625921, 0.206316107, -0.224256638, 0.529245665, -0.0892082006,
            -0.198299709, 0.399636229, -0.641583621, 0.375031497, -0.464001128, 0.731305153, -0.128008292, -0.368312995,
        ]
        let shared = Tensor(try Shape(n: 1, h: 1, w: 3, c: 2), numbers(6, 3, 5, 8, plus: 0.5))
        try expect(.multiScaleDeformableAttention(op(sizes)), on: backend, given + [shared], gives: points)
        let boxes: [Double] = [
            -0.38276359, 0.453562705, -0.28661335, -0.691854163, 0.418568978, -0.248222243, 0.131095998, 0.411253392, -0.44366018, 0.162270775, -0.0563027905,
            -0.20536142, -0.653402109, 0.720937681, -0.0785147161, 0.391764169, 0.397767296, -0.578588011,
        ]
        let each = Tensor(try Shape(n: 1, h: 1, w: 3, c: 8), numbers(24, 7, 11, 16, plus: 0.5))
        try expect(.multiScaleDeformableAttention(op(sizes)), on: backend, given + [each], gives: boxes)
    }

    /// A map of 2 x 2 with 1, 2, 3, 4: its middle is their mean, the centre of a pixel the pixel, a corner of the map a quarter of its pixel (three corners
    /// outside count 0), and far outside, infinite or not a number is 0.
    @Test(arguments: Backend.here)
    func twoByTwo(_ backend: Backend) throws {
        let places: [(x: Float, y: Float, want: Double)] = [
            (0.5, 0.5, 2.5), (0.25, 0.25, 1), (0.75, 0.25, 2), (0.25, 0.75, 3), (0.75, 0.75, 4), (0, 0, 0.25), (1, 1, 1), (0.5, 0, 0.75), (-0.25, 0.5, 0),
            (1.25, 0.5, 0), (1e30, 0.5, 0), (0.5, -.infinity, 0), (.nan, 0.5, 0),
        ]
        let queries = places.count
        let op = try MultiScaleDeformableAttention(heads: 1, levels: [Level(height: 2, width: 2, points: 1)])
        let x = [
            Tensor(try Shape(n: 1, h: 2, w: 2, c: 1), [1, 2, 3, 4]), Tensor(try Shape(n: 1, h: 1, w: queries, c: 2), [Float](repeating: 0, count: 2 * queries)),
            Tensor(try Shape(n: 1, h: 1, w: queries, c: 1), [Float](repeating: -3, count: queries)),
            Tensor(try Shape(n: 1, h: 1, w: queries, c: 2), places.flatMap { [$0.x, $0.y] }),
        ]
        try expect(.multiScaleDeformableAttention(op), on: backend, x, gives: places.map(\.want))
    }

    @Test func refusesWhatDoesNotFit() throws {
        let level = Level(height: 2, width: 3, points: 2)
        #expect(throws: GraphError.self) { try MultiScaleDeformableAttention(heads: 0, levels: [level]) }
        #expect(throws: GraphError.self) { try MultiScaleDeformableAttention(heads: 1, levels: []) }
        #expect(throws: GraphError.self) { try MultiScaleDeformableAttention(heads: 1, levels: [Level(height: 2, width: 0, points: 1)]) }
        #expect(throws: GraphError.self) { try MultiScaleDeformableAttention(heads: 1, levels: [Level(height: 1 << 13, width: 1 << 13, points: 1)]) }
        let op = try MultiScaleDeformableAttention(heads: 2, levels: [level])
        let channels = [8, 8, 4, 4]
        var fitting = try channels.map { try Shape(n: 1, h: 1, w: 5, c: $0) }
        fitting[0] = try Shape(n: 1, h: 2, w: 3, c: 8)
        #expect(try op.outputShape(of: fitting) == Shape(n: 1, h: 1, w: 5, c: 8))
        for (index, c) in [(0, 7), (1, 6), (2, 8), (3, 3)] {
            var shapes = fitting
            shapes[index] = try shapes[index].with(c: c)
            #expect(throws: GraphError.self) { try op.outputShape(of: shapes) }
        }
    }
}

import Glibc
import OpsinGraph
import OpsinVulkan
import Testing

@Suite struct SoftmaxTests {
    static func reference(_ x: [Double]) -> [Double] {
        let m = x.max() ?? 0, e = x.map { exp($0 - m) }, sum = e.reduce(0, +)
        return e.map { $0 / sum }
    }

    func reference(_ x: Tensor) -> [Double] {
        let c = x.shape.c
        return (0..<x.shape.pixels).flatMap { row in SoftmaxTests.reference(x.values[row * c..<(row + 1) * c].map { Double($0) }) }
    }

    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 113, 1000])
    func everyLength(_ backend: Backend, channels: Int) throws {
        let x = try Tensor(n: 2, h: 3, w: 5, c: channels, seed: UInt64(channels), scale: 6)
        try expect(.softmax(Softmax()), on: backend, [x], gives: reference(x), alike: channels == 1)
    }

    /// Scores of any size: the largest is subtracted before the exponential.
    @Test(arguments: Backend.here)
    func largeScores(_ backend: Backend) throws {
        // fp16's numbers are 32 apart there.
        let step: Float = backend.vulkan == .f16 ? 32 : 1
        let x = Tensor(try Shape(n: 1, h: 1, w: 1, c: 19), (0..<19).map { 60_000 + step * Float($0 % 7) })
        try expect(.softmax(Softmax()), on: backend, [x], gives: reference(x))
        let masked = Tensor(try Shape(n: 1, h: 1, w: 1, c: 5), [-.infinity, 1, 2, -.infinity, -3e38])
        try expect(.softmax(Softmax()), on: backend, [masked], gives: [0, 1 / (1 + exp(1)), exp(1) / (1 + exp(1)), 0, 0])
    }

    /// As in PyTorch: a NaN anywhere, or nothing but minus infinity, makes its row NaN and no other.
    @Test(arguments: Backend.here)
    func notANumber(_ backend: Backend) throws {
        var values = [Float](repeating: 1, count: 3 * 17)
        values[20] = .nan
        for c in 34..<51 { values[c] = -.infinity }
        let want = (0..<51).map { $0 < 17 ? 1.0 / 17 : Double.nan }
        let got = try run(.softmax(Softmax()), on: backend, inputs: [Tensor(try Shape(n: 1, h: 1, w: 3, c: 17), values)])
        for (g, w) in zip(got, want) { #expect(w.isNaN ? g.isNaN : abs(Double(g) - w) < max(1e-7, backend.tolerance * w)) }
    }
}

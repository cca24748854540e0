import OpsinGraph
import Testing

/// Add and Multiply, which share their walk over rows.
@Suite struct BroadcastTests {
    /// `f(a, b)` with b repeated, by indices.
    func reference(_ a: Tensor, _ b: Tensor, _ f: (Double, Double) -> Double) -> [Double] {
        var y: [Double] = []
        for n in 0..<a.shape.n {
            for h in 0..<a.shape.h {
                for w in 0..<a.shape.w {
                    for c in 0..<a.shape.c {
                        y.append(f(a[n, h, w, c], b[b.shape.n == 1 ? 0 : n, b.shape.h == 1 ? 0 : h, b.shape.w == 1 ? 0 : w, b.shape.c == 1 ? 0 : c]))
                    }
                }
            }
        }
        return y
    }

    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 113, 1000])
    func everyBroadcast(_ backend: Backend, channels: Int) throws {
        let w = channels > 100 ? 2 : 5, a = try Tensor(n: 2, h: 3, w: w, c: channels, seed: 1)
        for mask in 0..<16 {
            func extent(_ bit: Int, _ full: Int) -> Int { mask >> bit & 1 == 1 ? full : 1 }
            let b = try Tensor(n: extent(0, 2), h: extent(1, 3), w: extent(2, w), c: extent(3, channels), seed: UInt64(mask + 2))
            try expect(.add(Add()), on: backend, [a, b], gives: reference(a, b) { Double(Float($0 + $1)) })
            try expect(.multiply(Multiply()), on: backend, [a, b], gives: reference(a, b) { $0 * $1 })
        }
    }

    @Test(arguments: Backend.here)
    func addActivates(_ backend: Backend) throws {
        let a = try Tensor(h: 7, w: 3, c: 33, seed: 5), b = try Tensor(c: 33, seed: 6)
        for function in ActivationTests.functions {
            let want = reference(a, b) { ActivationTests.reference(function, Double(Float($0 + $1))) }
            try expect(.add(Add(activation: function)), on: backend, [a, b], gives: want)
        }
    }

    @Test(arguments: Backend.here)
    func infinitiesAndNaN(_ backend: Backend) throws {
        let shape = try Shape(n: 1, h: 1, w: 1, c: 4)
        let a = Tensor(shape, [.infinity, .infinity, .nan, 1]), b = Tensor(shape, [1, -.infinity, 0, 2])
        try expect(.add(Add()), on: backend, [a, b], gives: [.infinity, .nan, .nan, 3])
        try expect(.multiply(Multiply()), on: backend, [a, Tensor(shape, [0, 2, 0, 2])], gives: [.nan, .infinity, .nan, 2])
    }
}

import Glibc
import OpsinGraph
import Testing

@Suite struct ResizeTests {
    typealias Tap = (index: Int, weight: Double)

    /// Inputs and weights of output `i`: positions in fp32 as PyTorch computes them, the rest in Double.
    func taps(_ op: Resize, _ i: Int, _ n: Int, _ m: Int) -> [Tap] {
        let scale = Float(n) / Float(m)
        let position: Float =
            switch op.coordinates {
            case .halfPixel: scale * (Float(i) + 0.5) - 0.5
            case .alignCorners: m == 1 ? 0 : Float(n - 1) / Float(m - 1) * Float(i)
            case .asymmetric: scale * Float(i)
            }
        func inside(_ index: Int) -> Int { min(max(index, 0), n - 1) }
        switch op.method {
        case .nearest:
            switch op.coordinates {
            case .halfPixel: return [(inside(Int(floorf(scale * (Float(i) + 0.5)))), 1)]
            case .alignCorners: return [(inside(Int(floorf(position + 0.5))), 1)]
            case .asymmetric: return [(inside(Int(floorf(position))), 1)]
            }
        case .bilinear:
            let p = Double(max(position, 0)), first = Int(p.rounded(.down)), t = p - Double(first)
            return [(inside(first), 1 - t), (inside(first + 1), t)]
        case .bicubic:
            let p = Double(position), first = Int(p.rounded(.down)), t = p - Double(first)
            return (-1...2).map { tap in
                let d = abs(t - Double(tap)), a = -0.75
                let weight = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
                return (inside(first + tap), weight)
            }
        }
    }

    func reference(_ op: Resize, _ x: Tensor) -> [Double] {
        var y: [Double] = []
        let rows = (0..<op.height).map { taps(op, $0, x.shape.h, op.height) }, columns = (0..<op.width).map { taps(op, $0, x.shape.w, op.width) }
        for n in 0..<x.shape.n {
            for row in rows {
                for column in columns {
                    for c in 0..<x.shape.c {
                        y.append(row.reduce(0) { sum, r in sum + column.reduce(0) { $0 + $1.weight * r.weight * x[n, r.index, $1.index, c] } })
                    }
                }
            }
        }
        return y
    }

    static let methods: [Resize.Method] = [.nearest, .bilinear, .bicubic]
    static let coordinates: [Resize.Coordinates] = [.halfPixel, .alignCorners, .asymmetric]

    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 113])
    func everyMode(_ backend: Backend, channels: Int) throws {
        let x = try Tensor(n: 2, h: 5, w: 7, c: channels, seed: UInt64(channels))
        for method in ResizeTests.methods {
            for coordinates in ResizeTests.coordinates {
                for (h, w) in channels < 16 ? [(5, 7), (10, 14), (3, 11), (1, 1), (13, 2)] : [(5, 7), (3, 11), (7, 2)] {
                    let op = try Resize(height: h, width: w, method: method, coordinates: coordinates)
                    try expect(.resize(op), on: backend, [x], gives: reference(op, x))
                }
            }
        }
    }

    @Test(arguments: Backend.here, methods)
    func aMapOfOnePixel(_ backend: Backend, method: Resize.Method) throws {
        for coordinates in ResizeTests.coordinates {
            let x = try Tensor(n: 3, c: 5, seed: 1), op = try Resize(height: 3, width: 4, method: method, coordinates: coordinates)
            try expect(.resize(op), on: backend, [x], gives: reference(op, x))
        }
    }

    /// A row per `F.interpolate(x, (height, width), mode=..., align_corners=...)` of
    /// `x = ((torch.arange(12) * 7 % 11).float() - 5).mul(0.5).reshape(1, 1, 3, 4)`; `nearest` with halfPixel is `nearest-exact`. PyTorch 2.13.
    static let golden: [(Resize.Method, Resize.Coordinates, Int, Int, [Double])] = [
        (
            .bilinear, .halfPixel, 5, 7,
            [
                -2.5, -1.24999976, 0.750000119, -2.38418579e-07, -0.749999285, 1.2500006, 2.5, -1.29999983, -0.835714221, -0.0928571522, 0.100000054,
                0.292857528, 1.03571439, 1.49999988, 0.5, -0.214285791, -1.35714293, 0.250000417, 1.85714245, 0.714285374, 0, -1.00000036, -0.535714269,
                0.207143277, 0.400000066, 0.357142121, -0.785714984, -1.50000036, -2, -0.749999762, 1.25000012, 0.499999762, -0.642857552, -1.78571463, -2.5,
            ]
        ),
        (.bilinear, .halfPixel, 2, 3, [-1.39583337, 0.0625, 1.52083361, -1.02083337, 0.4375, -1.54166698]),
        (
            .bilinear, .alignCorners, 5, 7,
            [
                -2.5, -0.75, 1, 0, -1, 0.75, 2.5, -1, -0.625, -0.25, 0.125, 0.5, 0.875, 1.25, 0.5, -0.5, -1.5, 0.25, 2, 1, 0, -0.75, -0.375, 0, 0.375, 0.75,
                -0.25, -1.25, -2, -0.25, 1.5, 0.5, -0.5, -1.5, -2.5,
            ]
        ),
        (.bilinear, .alignCorners, 2, 3, [-2.5, 0, 2.5, -2, 0.5, -2.5]),
        (
            .bicubic, .halfPixel, 5, 7,
            [
                -3.1876452, -1.26001894, 1.12630749, -0.0240002908, -1.17430651, 1.21201944, 3.13964415, -1.25223994, -0.858072877, -0.265981048,
                0.0418752879, 0.446639419, 1.2771374, 1.84552824, 0.698433161, -0.396729976, -1.54723978, 0.250000417, 2.04723978, 0.896728635,
                -0.198432922, -0.910241365, -0.516073346, 0.0760194883, 0.73656261, 0.57339108, -0.860984981, -1.94772232, -2.6396451, -0.712019086,
                1.67430747, 1.0891248, -0.97120589, -2.21397924, -2.93843341,
            ]
        ),
        (.bicubic, .halfPixel, 2, 3, [-1.42696393, 0.0297241211, 1.68827569, -1.02266693, 0.850952148, -1.71642816]),
        (
            .bicubic, .alignCorners, 5, 7,
            [
                -2.5, -0.5625, 1, 0, -1, 0.5625, 2.5, -0.765625, -0.767089844, -0.53125, 0.0532226562, 0.734375, 1.22802734, 1.484375, 0.5, -0.828125, -1.5,
                0.25, 2, 1.328125, 0, -0.46875, -0.470214844, -0.234375, 0.65625, 1.03125, -0.107910156, -1.484375, -2, -0.0625, 1.5, 1.015625, -0.5, -1.6875,
                -2.5,
            ]
        ),
        (.bicubic, .alignCorners, 2, 3, [-2.5, 0, 2.5, -2, 1.015625, -2.5]),
        (
            .nearest, .asymmetric, 5, 7,
            [
                -2.5, -2.5, 1, 1, -1, -1, 2.5, -2.5, -2.5, 1, 1, -1, -1, 2.5, 0.5, 0.5, -1.5, -1.5, 2, 2, 0, 0.5, 0.5, -1.5, -1.5, 2, 2, 0, -2, -2, 1.5, 1.5,
                -0.5, -0.5, -2.5,
            ]
        ),
        (.nearest, .asymmetric, 2, 3, [-2.5, 1, -1, 0.5, -1.5, 2]),
        (
            .nearest, .halfPixel, 5, 7,
            [
                -2.5, -2.5, 1, -1, -1, 2.5, 2.5, -2.5, -2.5, 1, -1, -1, 2.5, 2.5, 0.5, 0.5, -1.5, 2, 2, 0, 0, -2, -2, 1.5, -0.5, -0.5, -2.5, -2.5, -2, -2,
                1.5, -0.5, -0.5, -2.5, -2.5,
            ]
        ),
        (.nearest, .halfPixel, 2, 3, [-2.5, -1, 2.5, -2, -0.5, -2.5]),
    ]

    @Test(arguments: Backend.here)
    func ofPyTorch(_ backend: Backend) throws {
        let x = Tensor(try Shape(n: 1, h: 3, w: 4, c: 1), (0..<12).map { Float($0 * 7 % 11 - 5) / 2 })
        for (method, coordinates, height, width, want) in ResizeTests.golden {
            try expect(.resize(Resize(height: height, width: width, method: method, coordinates: coordinates)), on: backend, [x], gives: want)
        }
    }
}

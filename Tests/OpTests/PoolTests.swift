import OpsinGraph
import Testing

/// AveragePool2D, MaxPool2D and GlobalAveragePool.
@Suite struct PoolTests {
    /// What a window sees, pixel by pixel; the pixels inside only.
    func windows(_ x: Tensor, _ w: SlidingWindow, _ f: ([Double]) -> Double) throws -> [Double] {
        let size = try w.outputSize(of: x.shape, op: "reference")
        var y: [Double] = []
        for n in 0..<x.shape.n {
            for i in 0..<size.h {
                for j in 0..<size.w {
                    for c in 0..<x.shape.c {
                        var seen: [Double] = []
                        for u in 0..<w.height {
                            for v in 0..<w.width {
                                let row = i * w.strideY + u * w.dilationY - w.padding.top, column = j * w.strideX + v * w.dilationX - w.padding.left
                                if row >= 0, row < x.shape.h, column >= 0, column < x.shape.w { seen.append(x[n, row, column, c]) }
                            }
                        }
                        y.append(f(seen))
                    }
                }
            }
        }
        return y
    }

    static let geometries: [SlidingWindow] = {
        let rows: [(Int, Int, Int, Int, Int, Int, Padding)] = [
            (1, 1, 1, 1, 1, 1, .none), (2, 2, 2, 2, 1, 1, .none), (3, 3, 2, 2, 1, 1, .symmetric(kernel: 3)), (3, 2, 1, 2, 2, 1, Padding(top: 2, left: 1)),
            (3, 3, 2, 2, 1, 1, Padding(bottom: 1, right: 1)), (5, 1, 3, 1, 1, 1, Padding(top: 4, bottom: 4)),
            (2, 2, 1, 1, 3, 3, Padding(top: 1, left: 2, bottom: 3, right: 1)),
        ]
        return rows.compactMap { try? SlidingWindow(height: $0.0, width: $0.1, strideY: $0.2, strideX: $0.3, dilationY: $0.4, dilationX: $0.5, padding: $0.6) }
    }()

    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 113])
    func everyGeometry(_ backend: Backend, channels: Int) throws {
        #expect(PoolTests.geometries.count == 7)
        let x = try Tensor(n: 2, h: 7, w: 6, c: channels, seed: UInt64(channels))
        for window in PoolTests.geometries {
            try expect(.maxPool2D(MaxPool2D(window: window)), on: backend, [x], gives: windows(x, window) { $0.max() ?? -.infinity })
            let taps = Double(window.height * window.width)
            try expect(
                .averagePool2D(AveragePool2D(window: window, countIncludesPadding: true)), on: backend, [x],
                gives: windows(x, window) { $0.reduce(0, +) / taps })
            try expect(
                .averagePool2D(AveragePool2D(window: window, countIncludesPadding: false)), on: backend, [x],
                gives: windows(x, window) { $0.reduce(0, +) / Double(max($0.count, 1)) })
        }
    }

    @Test(arguments: Backend.here)
    func aMapOfOnePixel(_ backend: Backend) throws {
        let x = try Tensor(n: 3, c: 17, seed: 1), window = try SlidingWindow(3, stride: 2, padding: .symmetric(kernel: 3))
        try expect(.maxPool2D(MaxPool2D(window: window)), on: backend, [x], gives: x.values.map { Double($0) })
        try expect(.globalAveragePool(GlobalAveragePool()), on: backend, [x], gives: x.values.map { Double($0) })
    }

    /// A NaN at any place of the window, also before and after larger values, gives NaN; minus infinity is a value like any other.
    @Test(arguments: Backend.here)
    func maximumKeepsNaN(_ backend: Backend) throws {
        let nan = Float.nan, low = -Float.infinity
        let x = Tensor(try Shape(n: 1, h: 2, w: 6, c: 1), [nan, 1, 1, nan, low, low, 2, 3, 5, 6, low, low])
        try expect(.maxPool2D(MaxPool2D(window: SlidingWindow(2, stride: 2))), on: backend, [x], gives: [.nan, .nan, -.infinity], alike: true)
        let y = Tensor(try Shape(n: 1, h: 2, w: 4, c: 1), [1, 2, .infinity, 4, 5, nan, low, 7])
        try expect(.maxPool2D(MaxPool2D(window: SlidingWindow(2, stride: 2))), on: backend, [y], gives: [.nan, .infinity], alike: true)
    }

    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 64, 65, 113, 1000])
    func globalAverage(_ backend: Backend, channels: Int) throws {
        let x = try Tensor(n: channels == 1000 ? 1 : 3, h: 13, w: 11, c: channels, seed: UInt64(channels))
        let pixels = 13 * 11
        let want = (0..<x.shape.n * channels).map { index in
            (0..<pixels).reduce(0.0) { $0 + Double(x.values[(index / channels * pixels + $1) * channels + index % channels]) } / Double(pixels)
        }
        try expect(.globalAveragePool(GlobalAveragePool()), on: backend, [x], gives: want)
    }

    /// The mean of 90,000 numbers near 1000: a single chain of fp32 additions is off by 1e-4 and more.
    @Test(arguments: Backend.here)
    func globalAverageOfALargeMap(_ backend: Backend) throws {
        let values = numbers(90_000 * 2, seed: 1).map { 1000 + $0 }, x = Tensor(try Shape(n: 1, h: 300, w: 300, c: 2), values)
        let want = (0..<2).map { c in (0..<90_000).reduce(0.0) { $0 + Double(values[$1 * 2 + c]) } / 90_000 }
        try expect(.globalAveragePool(GlobalAveragePool()), on: backend, [x], gives: want)
    }

    /// `x = ((torch.arange(25) * 7 % 11).float() - 5).mul(0.5).reshape(1, 1, 5, 5)`; `F.avg_pool2d(x, 3, 2, 1, count_include_pad=True)` and `False`,
    /// `F.max_pool2d(x, 3, 2, 1)`, `F.max_pool2d(x, 2, 1, 0, dilation=2)`; PyTorch 2.13.
    @Test(arguments: Backend.here)
    func ofPyTorch(_ backend: Backend) throws {
        let x = Tensor(try Shape(n: 1, h: 5, w: 5, c: 1), (0..<25).map { Float($0 * 7 % 11 - 5) / 2 })
        let window = try SlidingWindow(3, stride: 2, padding: .symmetric(kernel: 3))
        try expect(
            .averagePool2D(AveragePool2D(window: window, countIncludesPadding: true)), on: backend, [x],
            gives: [-0.111111112, 0.277777791, 0.277777791, -0.388888896, -0.222222224, -0.111111112, 0, -0.166666672, -0.222222224])
        try expect(
            .averagePool2D(AveragePool2D(window: window, countIncludesPadding: false)), on: backend, [x],
            gives: [-0.25, 0.416666657, 0.625, -0.583333313, -0.222222224, -0.166666672, 0, -0.25, -0.5])
        try expect(.maxPool2D(MaxPool2D(window: window)), on: backend, [x], gives: [2, 2.5, 2.5, 2, 2, 2.5, 1.5, 2, 1])
        try expect(.maxPool2D(MaxPool2D(window: SlidingWindow(2, dilation: 2))), on: backend, [x], gives: [1, 2.5, 2.5, 2, 2, 2, 1.5, 1, 2.5])
    }
}

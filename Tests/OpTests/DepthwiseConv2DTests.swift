import OpsinCPU
import OpsinGraph
import Testing

@Suite struct DepthwiseConv2DTests {
    /// One depthwise convolution of noise, checked against the definition.
    func check(
        _ way: Way, _ x: Shape, _ window: SlidingWindow, epilogue: Epilogue = Epilogue(), type: ConstantType = .float32,
        layout: Filter.Layout = .outputFirst, scale: Bool = false, location: SourceLocation = #_sourceLocation
    ) throws {
        let kh = window.height, kw = window.width, channels = x.c
        let (constant, k) = try stored(noise(channels * kh * kw, seed: 2), layout == .outputFirst ? [channels, 1, kh, kw] : [kh, kw, channels, 1], type)
        var filter = Filter(constant, layout: layout, bias: noise(channels, seed: 3))
        if scale { filter.outputScale = noise(channels, seed: 4) }
        let conv = try DepthwiseConv2D(window: window, channels: channels, filter: filter, epilogue: epilogue)
        let size = try window.outputSize(of: x, op: "test")
        let y = try x.with(h: size.h, w: size.w)
        let values = noise(x.count), residual = noise(y.count, seed: 6)
        // Depthwise products are in fp32 in every precision.
        let exact = Way(isa: way.isa, threads: way.threads, vulkan: way.vulkan)
        try expect(.depthwiseConv2D(conv), on: exact, inputs: [(x, values)] + (epilogue.residual == .none ? [] : [(y, residual)]), location: location) {
            n, i, j, c in
            var sum = Expected(value: Double(filter.bias?[c] ?? 0), magnitude: 1)
            for u in 0..<kh {
                for v in 0..<kw {
                    let iy = i * window.strideY - window.padding.top + u * window.dilationY,
                        ix = j * window.strideX - window.padding.left + v * window.dilationX
                    guard (0..<x.h).contains(iy), (0..<x.w).contains(ix) else { continue }
                    let stored = k[layout == .outputFirst ? (c * kh + u) * kw + v : (u * kw + v) * channels + c]
                    let product = Double(values[((n * x.h + iy) * x.w + ix) * channels + c]) * Double(stored) * Double(filter.outputScale?[c] ?? 1)
                    sum.value += product
                    sum.magnitude += abs(product)
                }
            }
            return finish(sum, epilogue, residual: residual[((n * y.h + i) * y.w + j) * channels + c])
        }
    }

    static let ways = Way.all.filter { $0.precision == .fp32 }

    /// Every kernel and stride with tiles of its own, over sides around the tiles' and channels around the vectors'.
    @Test(arguments: ways, [(3, 1), (3, 2), (5, 1), (5, 2), (7, 1), (7, 2), (4, 1), (2, 2), (3, 3)])
    func kernels(_ way: Way, _ kernel: (size: Int, stride: Int)) throws {
        let window = try SlidingWindow(kernel.size, stride: kernel.stride, padding: .symmetric(kernel: kernel.size))
        for (side, channels) in [(1, 1), (2, 16), (3, 15), (5, 17), (7, 40), (8, 3), (10, 16), (14, 33), (15, 8)]
        where side + 2 * window.padding.top >= kernel.size {
            try check(way, Shape(n: 1, h: side, w: side, c: channels), window)
        }
        try check(way, Shape(n: 3, h: 9, w: 21, c: 19), window)
    }

    /// Dilated windows have tiles too: rows and columns a dilation apart. Sides below, at and above it, and DeepLabV3's 33 at 2 and 65 at 4.
    @Test(arguments: ways, [(3, 2), (3, 4), (5, 2), (7, 3)])
    func dilations(_ way: Way, _ kernel: (size: Int, dilation: Int)) throws {
        let window = try SlidingWindow(kernel.size, dilation: kernel.dilation, padding: .symmetric(kernel: kernel.size, dilation: kernel.dilation))
        for (height, width, channels) in [(1, 1, 3), (2, 3, 16), (5, 4, 17), (7, 30, 20), (33, 9, 5), (13, 65, 33)] {
            try check(way, Shape(n: 1, h: height, w: width, c: channels), window)
        }
        // Without padding, and more of it than the reach.
        let reach = kernel.dilation * (kernel.size - 1) + 1
        try check(way, Shape(n: 2, h: reach + 3, w: reach + 9, c: 18), SlidingWindow(kernel.size, dilation: kernel.dilation))
        let wide = Padding(top: reach, left: reach + 2, bottom: 1, right: reach)
        try check(way, Shape(n: 1, h: 6, w: 5, c: 16), SlidingWindow(kernel.size, dilation: kernel.dilation, padding: wide))
        // A stride beside the dilation, and two dilations.
        try check(way, Shape(n: 1, h: reach + 4, w: reach + 5, c: 9), SlidingWindow(kernel.size, stride: 2, dilation: kernel.dilation))
        try check(way, Shape(n: 1, h: reach + 4, w: 21, c: 9), SlidingWindow(height: kernel.size, width: 3, dilationY: kernel.dilation, dilationX: 5))
    }

    @Test(arguments: ways)
    func unevenWindows(_ way: Way) throws {
        let rows: [(SlidingWindow, Int, Int, Int)] = [
            (try SlidingWindow(3, stride: 2, padding: .same(height: 14, width: 14, kernel: 3, stride: 2)), 14, 14, 17),
            (try SlidingWindow(5, stride: 2, padding: Padding(top: 1, left: 2, bottom: 3, right: 0)), 13, 16, 31),
            (try SlidingWindow(3, dilation: 2, padding: .symmetric(kernel: 3, dilation: 2)), 9, 11, 20),
            (try SlidingWindow(height: 1, width: 5, strideY: 2, padding: Padding(left: 2, right: 2)), 5, 9, 6),
            (try SlidingWindow(3, padding: Padding(top: 5, left: 4, bottom: 3, right: 6)), 2, 2, 18),
            (try SlidingWindow(3), 3, 3, 4),
        ]
        for (window, h, w, c) in rows { try check(way, Shape(n: 2, h: h, w: w, c: c), window) }
    }

    @Test(arguments: ways, everyActivation)
    func activations(_ way: Way, _ function: ActivationFunction) throws {
        for residual in [Epilogue.Residual.none, .afterActivation, .beforeActivation] {
            let epilogue = Epilogue(activation: function, residual: residual)
            try check(way, Shape(n: 1, h: 9, w: 9, c: 21), SlidingWindow(3, padding: .symmetric(kernel: 3)), epilogue: epilogue)
            try check(way, Shape(n: 1, h: 6, w: 6, c: 5), SlidingWindow(3, dilation: 2, padding: .symmetric(kernel: 3, dilation: 2)), epilogue: epilogue)
        }
    }

    @Test(arguments: ways, [ConstantType.float32, .float16, .bfloat16])
    func storedTypesLayoutsAndScales(_ way: Way, _ type: ConstantType) throws {
        for layout in [Filter.Layout.outputFirst, .outputLast] {
            try check(way, Shape(n: 1, h: 5, w: 7, c: 23), SlidingWindow(3, padding: .symmetric(kernel: 3)), type: type, layout: layout, scale: true)
        }
    }
}

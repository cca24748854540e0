import OpsinCPU
import OpsinGraph
import Testing

@Suite struct Conv2DTests {
    /// One convolution of noise, checked against the definition.
    func check(
        _ way: Way, _ x: Shape, outputs: Int, _ window: SlidingWindow, epilogue: Epilogue = Epilogue(), type: ConstantType = .float32,
        layout: Filter.Layout = .outputFirst, scales: Bool = false, bias: Bool = true, location: SourceLocation = #_sourceLocation
    ) throws {
        let kh = window.height, kw = window.width, inputs = x.c
        let dimensions = layout == .outputFirst ? [outputs, inputs, kh, kw] : [kh, kw, inputs, outputs]
        let (constant, k) = try stored(noise(outputs * inputs * kh * kw, seed: 2), dimensions, type)
        var filter = Filter(constant, layout: layout, bias: bias ? noise(outputs, seed: 3) : nil)
        if scales { (filter.outputScale, filter.inputScale) = (noise(outputs, seed: 4), noise(inputs, seed: 5)) }
        let conv = try Conv2D(window: window, inputChannels: inputs, outputChannels: outputs, filter: filter, epilogue: epilogue)
        let size = try window.outputSize(of: x, op: "test")
        let y = try Shape(n: x.n, h: size.h, w: size.w, c: outputs)
        let values = noise(x.count), residual = noise(y.count, seed: 6)
        let pad = window.padding
        func weight(_ o: Int, _ c: Int, _ u: Int, _ v: Int) -> Double {
            let stored = k[layout == .outputFirst ? ((o * inputs + c) * kh + u) * kw + v : ((u * kw + v) * inputs + c) * outputs + o]
            return Double(stored) * Double(filter.outputScale?[o] ?? 1) * Double(filter.inputScale?[c] ?? 1)
        }
        try expect(.conv2D(conv), on: way, inputs: [(x, values)] + (epilogue.residual == .none ? [] : [(y, residual)]), location: location) { n, i, j, o in
            var sum = Expected(value: Double(filter.bias?[o] ?? 0), magnitude: Double(abs(filter.bias?[o] ?? 0)))
            for u in 0..<kh {
                for v in 0..<kw {
                    let iy = i * window.strideY - pad.top + u * window.dilationY, ix = j * window.strideX - pad.left + v * window.dilationX
                    guard (0..<x.h).contains(iy), (0..<x.w).contains(ix) else { continue }
                    for c in 0..<inputs {
                        let product = Double(values[((n * x.h + iy) * x.w + ix) * inputs + c]) * weight(o, c, u, v)
                        sum.value += product
                        sum.magnitude += abs(product)
                    }
                }
            }
            return finish(sum, epilogue, residual: residual[((n * y.h + i) * y.w + j) * outputs + o])
        }
    }

    /// Pointwise: a map of one pixel, primes, and both sides of each tile's and vector's width.
    @Test(arguments: Way.all, [(1, 1, 7, 1000), (7, 7, 17, 16), (5, 3, 16, 17), (9, 13, 3, 15), (4, 4, 33, 1), (3, 29, 24, 48), (14, 14, 8, 112)])
    func pointwise(_ way: Way, _ size: (h: Int, w: Int, c: Int, outputs: Int)) throws {
        try check(way, Shape(n: 1, h: size.h, w: size.w, c: size.c), outputs: size.outputs, SlidingWindow(1))
    }

    @Test(arguments: Way.all, 1...31)
    func everyNumberOfPixels(_ way: Way, pixels: Int) throws {
        for outputs in [16, 40, 64] { try check(way, Shape(n: 1, h: 1, w: pixels, c: 5), outputs: outputs, SlidingWindow(1)) }
    }

    /// To one or two channels: borders, strides, maps narrower than the window, runs that end with a vector and that do not, long rows.
    @Test(arguments: Way.all, [1, 2])
    func toFewChannels(_ way: Way, outputs: Int) throws {
        let same = try SlidingWindow(3, padding: .symmetric(kernel: 3))
        for (h, w, c) in [(5, 7, 24), (4, 3, 16), (1, 1, 17), (2, 2, 33), (3, 140, 6), (6, 19, 32)] {
            try check(way, Shape(n: 2, h: h, w: w, c: c), outputs: outputs, same, epilogue: Epilogue(activation: .relu))
        }
        try check(way, Shape(n: 1, h: 9, w: 11, c: 20), outputs: outputs, SlidingWindow(3, stride: 2, padding: .symmetric(kernel: 3)))
        try check(way, Shape(n: 1, h: 9, w: 11, c: 20), outputs: outputs, SlidingWindow(5, padding: Padding(top: 4, left: 0, bottom: 1, right: 3)))
        try check(way, Shape(n: 1, h: 9, w: 30, c: 18), outputs: outputs, SlidingWindow(1, stride: 3))
        try check(
            way, Shape(n: 1, h: 9, w: 8, c: 18), outputs: outputs,
            SlidingWindow(height: 3, width: 2, dilationY: 2, padding: Padding(top: 2, left: 1, bottom: 2)))
        for residual in [Epilogue.Residual.afterActivation, .beforeActivation] {
            try check(way, Shape(n: 1, h: 3, w: 21, c: 24), outputs: outputs, same, epilogue: Epilogue(activation: .sigmoid, residual: residual))
        }
        try check(way, Shape(n: 1, h: 4, w: 5, c: 40), outputs: outputs, same, type: .float16, layout: .outputLast, scales: true, bias: false)
    }

    /// Any window: stems, strides, dilation, padding on one side, more padding than reach, rectangles, batches.
    @Test(arguments: Way.all)
    func windows(_ way: Way) throws {
        let rows: [(SlidingWindow, Int, Int, Int, Int, Int)] = [
            (try SlidingWindow(3, stride: 2, padding: .symmetric(kernel: 3)), 2, 15, 16, 3, 17),
            (try SlidingWindow(3, stride: 2, padding: .same(height: 14, width: 14, kernel: 3, stride: 2)), 1, 14, 14, 3, 32),
            (try SlidingWindow(3, padding: .symmetric(kernel: 3)), 3, 5, 7, 16, 15),
            (try SlidingWindow(3, dilation: 2, padding: .symmetric(kernel: 3, dilation: 2)), 1, 9, 8, 4, 24),
            (try SlidingWindow(5, stride: 3, padding: Padding(top: 0, left: 2, bottom: 4, right: 1)), 1, 11, 10, 2, 3),
            (try SlidingWindow(height: 1, width: 7, strideX: 2, padding: Padding(left: 3, right: 3)), 1, 4, 13, 5, 18),
            (try SlidingWindow(height: 3, width: 2, strideY: 2, dilationY: 3, padding: Padding(top: 5)), 2, 7, 3, 1, 1),
            (try SlidingWindow(1, stride: 2), 1, 7, 7, 19, 33),
            (try SlidingWindow(2, stride: 2), 1, 6, 8, 12, 20),
            (try SlidingWindow(3, padding: Padding(top: 4, left: 4, bottom: 4, right: 4)), 1, 1, 1, 3, 5),
        ]
        for (window, n, h, w, c, outputs) in rows { try check(way, Shape(n: n, h: h, w: w, c: c), outputs: outputs, window) }
    }

    @Test(arguments: Way.all, everyActivation)
    func activations(_ way: Way, _ function: ActivationFunction) throws {
        for residual in [Epilogue.Residual.none, .afterActivation, .beforeActivation] {
            let epilogue = Epilogue(activation: function, residual: residual)
            try check(way, Shape(n: 1, h: 5, w: 5, c: 11), outputs: 37, SlidingWindow(1), epilogue: epilogue)
            try check(way, Shape(n: 1, h: 5, w: 4, c: 3), outputs: 70, SlidingWindow(3, padding: .symmetric(kernel: 3)), epilogue: epilogue)
        }
    }

    @Test(arguments: Way.all, [ConstantType.float32, .float16, .bfloat16])
    func storedTypesLayoutsAndScales(_ way: Way, _ type: ConstantType) throws {
        for layout in [Filter.Layout.outputFirst, .outputLast] {
            for scales in [false, true] {
                let x = try Shape(n: 1, h: 4, w: 5, c: 7)
                try check(way, x, outputs: 19, SlidingWindow(1), type: type, layout: layout, scales: scales)
                try check(way, x, outputs: 19, SlidingWindow(3, padding: .symmetric(kernel: 3)), type: type, layout: layout, scales: scales, bias: false)
            }
        }
    }
}

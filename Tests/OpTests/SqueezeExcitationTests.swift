import OpsinGraph
import Testing

/// The ops that passes make for GPUs, on every backend against Double.
@Suite struct SqueezeExcitationTests {
    func layer(_ inputs: Int, _ outputs: Int, _ activation: ActivationFunction, seed: UInt64) throws -> (op: Conv2D, weights: [Float], bias: [Float]) {
        let weights = numbers(inputs * outputs, seed: seed, scale: 0.5), bias = numbers(outputs, seed: seed + 1)
        let constant = try #require(Constant(name: "w", dimensions: [outputs, inputs, 1, 1], values: weights))
        let op = try Conv2D(
            window: SlidingWindow(1), inputChannels: inputs, outputChannels: outputs, filter: Filter(constant, bias: bias),
            epilogue: Epilogue(activation: activation))
        return (op, weights, bias)
    }

    func apply(_ layer: (op: Conv2D, weights: [Float], bias: [Float]), _ x: [Double]) -> [Double] {
        layer.bias.indices.map { o in
            let sum = x.indices.reduce(Double(layer.bias[o])) { $0 + x[$1] * Double(layer.weights[o * x.count + $1]) }
            return reference(layer.op.epilogue.activation, sum)
        }
    }

    /// `(images, side, channels, squeezed)`
    @Test(arguments: Backend.here, [(1, 1, 3, 1), (2, 5, 17, 4), (3, 7, 32, 8)])
    func isTheMeanAndTwoLayers(_ backend: Backend, _ s: (Int, Int, Int, Int)) throws {
        let (images, side, channels, squeezed) = s
        let reduce = try layer(channels, squeezed, .silu, seed: 3), expand = try layer(squeezed, channels, .sigmoid, seed: 5)
        let x = try Tensor(n: images, h: side, w: side + 1, c: channels, seed: 1)
        var want: [Double] = []
        for n in 0..<images {
            let mean = (0..<channels).map { c in
                var sum = 0.0
                for h in 0..<side { for w in 0...side { sum += x[n, h, w, c] } }
                return sum / Double(side * (side + 1))
            }
            want += apply(expand, apply(reduce, mean))
        }
        try expect(.squeezeExcitation(SqueezeExcitation(reduce: reduce.op, expand: expand.op)), on: backend, [x], gives: want)
    }

    /// A convolution that multiplies its input by a gate first, and adds a residual.
    @Test(arguments: Backend.here, [(1, 8, 12), (3, 17, 5)])
    func aGateScalesTheInput(_ backend: Backend, _ s: (Int, Int, Int)) throws {
        let (images, channels, outputs) = s
        var layer = try layer(channels, outputs, .relu, seed: 3)
        layer.op.hasGate = true
        layer.op.epilogue.residual = .afterActivation
        let x = try Tensor(n: images, h: 3, w: 5, c: channels, seed: 1), gate = try Tensor(n: images, c: channels, seed: 2)
        let residual = try Tensor(n: images, h: 3, w: 5, c: outputs, seed: 7)
        var want: [Double] = []
        for n in 0..<images {
            for h in 0..<3 {
                for w in 0..<5 {
                    let y = apply(layer, (0..<channels).map { x[n, h, w, $0] * gate[n, 0, 0, $0] })
                    want += y.indices.map { y[$0] + residual[n, h, w, $0] }
                }
            }
        }
        try expect(.conv2D(layer.op), on: backend, [x, gate, residual], gives: want)
    }

    @Test func refusesLayersThatDoNotFit() throws {
        let a = try layer(8, 2, .silu, seed: 1).op, b = try layer(3, 8, .sigmoid, seed: 2).op
        #expect(throws: GraphError.self) { try SqueezeExcitation(reduce: a, expand: b) }
    }
}

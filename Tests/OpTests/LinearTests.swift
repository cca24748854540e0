import OpsinCPU
import OpsinGraph
import Testing

@Suite struct LinearTests {
    @Test(arguments: Way.all, [(1, 1, 1280, 1000), (1, 196, 24, 72), (3, 5, 17, 1), (2, 1, 1, 33), (1, 50, 64, 64)])
    func matchesTheDefinition(_ way: Way, _ size: (n: Int, tokens: Int, inputs: Int, outputs: Int)) throws {
        let x = try Shape(n: size.n, h: 1, w: size.tokens, c: size.inputs)
        let (constant, k) = try stored(noise(size.inputs * size.outputs, seed: 2), [size.outputs, size.inputs], .float32)
        let bias = noise(size.outputs, seed: 3), values = noise(x.count)
        let linear = try Linear(
            inputFeatures: size.inputs, outputFeatures: size.outputs, filter: Filter(constant, bias: bias), epilogue: Epilogue(activation: .gelu))
        try expect(.linear(linear), on: way, inputs: [(x, values)]) { n, _, t, o in
            var sum = Expected(value: Double(bias[o]), magnitude: 1)
            for c in 0..<size.inputs {
                let product = Double(values[(n * size.tokens + t) * size.inputs + c]) * Double(k[o * size.inputs + c])
                sum.value += product
                sum.magnitude += abs(product)
            }
            return finish(sum, linear.epilogue, residual: 0)
        }
    }
}

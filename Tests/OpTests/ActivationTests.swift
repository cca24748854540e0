import Glibc
import OpsinCPU
import OpsinGraph
import Testing

@Suite struct ActivationTests {
    static let functions: [ActivationFunction] = [
        .identity, .relu, .relu6, .leakyReLU(slope: 0.1), .gelu, .silu, .sigmoid, .hardSwish, .hardSigmoid, .tanh,
        .atLeast(-1.5), .atMost(2.5),
    ]

    /// The definitions, in Double.
    static func reference(_ function: ActivationFunction, _ x: Double) -> Double {
        switch function {
        case .identity: x
        case .relu: x < 0 ? 0 : x
        case .relu6: x.isNaN ? x : min(max(x, 0), 6)
        case .leakyReLU(let slope): x < 0 ? x * Double(slope) : x
        case .gelu: x * erfc(-x / 2.0.squareRoot()) / 2
        case .silu: x / (1 + exp(-x))
        case .sigmoid: 1 / (1 + exp(-x))
        case .hardSwish: x.isNaN ? x : x * min(max(x + 3, 0), 6) / 6
        case .hardSigmoid: x.isNaN ? x : min(max(x + 3, 0), 6) / 6
        case .tanh: Glibc.tanh(x)
        case .atLeast(let bound): x < Double(bound) ? Double(bound) : x
        case .atMost(let bound): x > Double(bound) ? Double(bound) : x
        }
    }

    /// Primes and both sides of a vector's width: the tail must run, and must not run.
    @Test(arguments: Backend.here, [1, 3, 15, 16, 17, 113, 1000])
    func everyLength(_ backend: Backend, channels: Int) throws {
        let x = try Tensor(n: channels == 1000 ? 3 : 1, h: 3, w: 5, c: channels, seed: UInt64(channels), scale: 7)
        for function in ActivationTests.functions {
            try expect(.activation(Activation(function)), on: backend, [x], gives: x.values.map { ActivationTests.reference(function, Double($0)) })
        }
    }

    @Test(arguments: Backend.here)
    func edges(_ backend: Backend) throws {
        let values: [Float] = [-100, -88.5, -20, -3.0000002, -3, -1e-20, -0.0, 0, 1e-20, 3, 3.0000002, 6, 20, 88.5, 100, 65_504, .infinity, .nan]
        let x = Tensor(try Shape(n: 1, h: 1, w: 1, c: values.count), values)
        for function in ActivationTests.functions {
            try expect(.activation(Activation(function)), on: backend, [x], gives: values.map { ActivationTests.reference(function, Double($0)) })
        }
    }

    @Test(arguments: Backend.here)
    func minusInfinity(_ backend: Backend) throws {
        let x = Tensor(try Shape(n: 1, h: 1, w: 1, c: 1), [-.infinity])
        for (function, want) in [
            (ActivationFunction.relu, 0.0), (.relu6, 0), (.leakyReLU(slope: 0.1), -.infinity), (.sigmoid, 0), (.hardSigmoid, 0), (.tanh, -1), (.gelu, 0),
        ] {
            try expect(.activation(Activation(function)), on: backend, [x], gives: [want])
        }
    }

    /// `torch.nn.functional.gelu(torch.tensor([-5., -3, -1, -0.5, -0.01, 0.01, 0.5, 1, 3, 5]))`, PyTorch 2.13. The first is 4 % off in torch itself.
    @Test(arguments: Backend.here)
    func geluOfPyTorch(_ backend: Backend) throws {
        let x = Tensor(try Shape(n: 1, h: 1, w: 1, c: 9), [-3, -1, -0.5, -0.01, 0.01, 0.5, 1, 3, 5])
        let want = [-0.00405022502, -0.158655256, -0.154268771, -0.00496010622, 0.00503989309, 0.345731229, 0.841344714, 2.99594975, 4.99999905]
        try expect(.activation(Activation(.gelu)), on: backend, [x], gives: want)
    }

    /// GELU in steps of 1/2000 over -12...12 is within 1e-7 of the exact value, plus half a unit of the last place of it.
    @Test(arguments: Backend.isas)
    func geluIsExact(_ isa: ISA) throws {
        let values = (0..<48_000).map { Float($0 - 24_000) / 2000 }
        let x = Tensor(try Shape(n: 1, h: 1, w: 1, c: values.count), values)
        let got = try run(.activation(Activation(.gelu)), on: Backend(isa: isa, threads: 1), inputs: [x])
        let worst = zip(values, got).map { abs(ActivationTests.reference(.gelu, Double($0)) - Double($1)) - Double($1.ulp) / 2 }.max() ?? 1
        #expect(worst < 1e-7)
    }

    /// So is the one that products and convolutions apply to their sums, with weights of 1; in bf16 the values are rounded first.
    @Test(arguments: Way.all.filter { $0.vulkan == nil && $0.threads == 1 })
    func geluOfSumsIsExact(_ way: Way) throws {
        let values = (0..<48_000).map { (index: Int) -> Float in
            let value = Float(index - 24_000) / 2000
            return way.precision == .bf16 ? Float(bitPattern: value.bitPattern & 0xffff_0000) : value
        }
        let (constant, _) = try stored([1], [1, 1], .float32)
        let op = try Linear(inputFeatures: 1, outputFeatures: 1, filter: Filter(constant), epilogue: Epilogue(activation: .gelu))
        let x = Tensor(try Shape(n: 1, h: 1, w: values.count, c: 1), values)
        let got = try run(.linear(op), on: Backend(isa: way.isa, threads: 1, precision: way.precision), inputs: [x])
        let worst = zip(values, got).map { abs(ActivationTests.reference(.gelu, Double($0)) - Double($1)) - Double($1.ulp) / 2 }.max() ?? 1
        #expect(worst < (way.precision == .bf16 ? 2e-5 : 1e-7))
    }

    /// Sigmoid, SiLU and tanh are within 2e-7 of the exact values, relatively, from -87 to 87 and close to 0.
    @Test(arguments: Backend.isas)
    func relativeErrors(_ isa: ISA) throws {
        var values = (0..<34_800).map { Float($0 - 17_400) / 200 }
        for index in 1..<2000 {
            let part = Float(index) / 2000
            values += [part, -part / 1e3, part / 1e6]
        }
        let x = Tensor(try Shape(n: 1, h: 1, w: 1, c: values.count), values)
        for function in [ActivationFunction.sigmoid, .silu, .tanh] {
            let got = try run(.activation(Activation(function)), on: Backend(isa: isa, threads: 1), inputs: [x])
            let errors = zip(values, got).map { (x: Float, y: Float) -> Double in
                let want = ActivationTests.reference(function, Double(x))
                return want == 0 ? Double(abs(y)) : abs(want - Double(y)) / abs(want)
            }
            let worst = errors.indices.max { errors[$0] < errors[$1] } ?? 0
            #expect(errors[worst] < 2e-7, "\(function) of \(values[worst])")
        }
    }
}

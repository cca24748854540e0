import Glibc
import OpsinCPU
import OpsinGraph
import OpsinVulkan
import Testing

/// One way to run the weighted ops: an instruction set of this machine, a number of threads, a precision.
struct Way: CustomTestStringConvertible, Sendable {
    let isa: ISA
    let threads: Int
    var precision = CPUPrecision.fp32
    /// The machine's Vulkan device instead, with this storage.
    var vulkan: Storage?

    var testDescription: String { vulkan.map { "vulkan, \($0)" } ?? "\(isa.rawValue), \(threads) threads, \(precision.rawValue)" }

    /// Every instruction set here, on one thread and on two; bf16 where the machine multiplies it.
    static let all: [Way] =
        ISA.available.flatMap { [Way(isa: $0, threads: 1), Way(isa: $0, threads: 2)] }
        + ISA.available.filter { (try? CPUPrecision.bf16.check($0)) != nil }.flatMap {
            [Way(isa: $0, threads: 1, precision: .bf16), Way(isa: $0, threads: 2, precision: .bf16)]
        } + VulkanRow.storages.map { Way(isa: .generic, threads: 1, vulkan: $0) }
}

/// Numbers without a pattern in -1..<1, the same in every run.
func noise(_ count: Int, seed: UInt32 = 1) -> [Float] {
    var state = seed &* 2_654_435_761 | 1
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return Float(state >> 8) / 8_388_608 - 1
    }
}

/// `values` as a stored constant of another type, and what is left of them after rounding to it.
func stored(_ values: [Float], _ dimensions: [Int], _ type: ConstantType, name: String = "weight") throws -> (constant: Constant, rounded: [Float]) {
    let words: [UInt16] =
        switch type {
        case .float32: []
        case .float16: values.map { Float16($0).bitPattern }
        case .bfloat16: values.map { UInt16($0.bitPattern >> 16) }
        case .int8: []
        }
    // A ByteStorage holds any bytes: two half words a float.
    let packed: [Float] =
        words.isEmpty
        ? values
        : stride(from: 0, to: words.count, by: 2).map { Float(bitPattern: UInt32(words[$0]) | UInt32($0 + 1 < words.count ? words[$0 + 1] : 0) << 16) }
    let constant = try #require(Constant(name: name, dimensions: dimensions, type: type, storage: ByteStorage(copying: packed), offset: 0))
    return (constant, constant.floats())
}

/// The activations in Double, as slowly as they like.
func reference(_ function: ActivationFunction, _ x: Double) -> Double {
    switch function {
    case .identity: x
    case .relu: max(x, 0)
    case .relu6: min(max(x, 0), 6)
    case .leakyReLU(let slope): x >= 0 ? x : Double(slope) * x
    case .gelu: x * (1 + erf(x / 2.0.squareRoot())) / 2
    case .silu: x / (1 + exp(-x))
    case .sigmoid: 1 / (1 + exp(-x))
    case .hardSwish: x * min(max(x + 3, 0), 6) / 6
    case .hardSigmoid: min(max(x + 3, 0), 6) / 6
    case .tanh: tanh(x)
    case .atLeast(let bound): max(x, Double(bound))
    case .atMost(let bound): min(x, Double(bound))
    }
}

let everyActivation: [ActivationFunction] = [
    .identity, .relu, .relu6, .leakyReLU(slope: 0.1), .gelu, .silu, .sigmoid, .hardSwish, .hardSigmoid, .tanh, .atLeast(-0.1),
    .atMost(0.2),
]

/// What an element should be, and the sum of the magnitudes of what was added, which bounds its rounding errors.
struct Expected {
    var value: Double
    var magnitude: Double
}

/// `epilogue` applied to a sum.
func finish(_ sum: Expected, _ epilogue: Epilogue, residual: Float) -> Expected {
    switch epilogue.residual {
    case .none: Expected(value: reference(epilogue.activation, sum.value), magnitude: sum.magnitude)
    case .afterActivation: Expected(value: reference(epilogue.activation, sum.value) + Double(residual), magnitude: sum.magnitude + Double(abs(residual)))
    case .beforeActivation: Expected(value: reference(epilogue.activation, sum.value + Double(residual)), magnitude: sum.magnitude + Double(abs(residual)))
    }
}

/// Runs `op` alone on `way`, into memory full of NaN, and expects `expected(n, h, w, c)`.
func expect(
    _ op: Op, on way: Way, inputs: [(Shape, [Float])], location: SourceLocation = #_sourceLocation, gives expected: (Int, Int, Int, Int) -> Expected
) throws {
    var graph = Graph()
    var values: [Value] = []
    for (index, input) in inputs.enumerated() { values.append(graph.input("x\(index)", shape: input.0)) }
    let y = try graph.append(op, values, name: "op")
    graph.output("y", y, layout: .nhwc)
    let feed = inputs.map { $0.1 }, compute: () throws -> [Float]
    if let storage = way.vulkan {
        let plan = try VulkanPlan(graph, on: VulkanRow.device.get(), storage: storage)
        compute = { try plan.run(feed)[0] }
    } else {
        let plan = try CPUPlan(graph, team: CPUTeam(threads: way.threads), weights: PackedWeights(), isa: way.isa, precision: way.precision)
        compute = {
            plan.poison()
            return try plan.run(feed)[0]
        }
    }
    // Each product of a sum may be off by half a unit of the last place, each factor too in bf16, which has 8 bits, and in fp16, which has 11.
    let unit = way.precision == .bf16 ? 0.008 : way.vulkan == .f16 ? 0.0015 : 6e-7
    for run in 0..<2 {
        let got = try compute()
        var index = 0
        for n in 0..<y.shape.n {
            for h in 0..<y.shape.h {
                for w in 0..<y.shape.w {
                    for c in 0..<y.shape.c {
                        let want = expected(n, h, w, c)
                        let tolerance = unit * (want.magnitude + abs(want.value)) + 1e-6
                        guard abs(Double(got[index]) - want.value) <= tolerance else {
                            Issue.record(
                                "run \(run), element [\(n), \(h), \(w), \(c)] of \(y.shape): got \(got[index]), want \(want.value) within \(tolerance)",
                                sourceLocation: location)
                            return
                        }
                        index += 1
                    }
                }
            }
        }
    }
}

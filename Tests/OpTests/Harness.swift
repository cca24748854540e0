import CKernels
import OpsinCPU
import OpsinGraph
import OpsinVulkan
import Testing

/// A row of the table of backends: every op's tests run on each of them against the same expected numbers.
struct Backend: Sendable, CustomTestStringConvertible {
    let isa: ISA
    /// Into how many ranges the tasks of a step are split, or with a plan: how many threads share them.
    let threads: Int
    /// Runs a whole `CPUPlan`: its arena, its views, its threads. Without, `StepRunner` runs the steps of the op.
    var plan = false
    /// Runs a `VulkanPlan` with this storage instead, on the machine's Vulkan device.
    var vulkan: Storage?
    var precision = CPUPrecision.fp32

    /// What a result may differ from the Double reference, relative to the larger of the expected element and the mean magnitude of all: rounding of the
    /// sums and exponents that tests use; GLSL's exponential and division are allowed three units of the last place. fp16 has 11 bits, which inputs, weights
    /// and outputs are rounded to; bf16 has 8, which factors are rounded to.
    var tolerance: Double {
        switch vulkan {
        case nil: precision == .bf16 ? 2e-2 : 3e-6
        case .f32: 6e-6
        case .f16: 6e-3
        }
    }

    var testDescription: String { vulkan.map { "vulkan \($0)" } ?? "cpu \(isa.rawValue)\(precision == .bf16 ? " bf16" : "") x\(threads)\(plan ? " plan" : "")" }

    /// Every instruction set that this machine has with 2 threads, the best one with 1 and 3 and as a plan too: how tasks split does not depend on the set.
    static let here: [Backend] =
        isas.map { Backend(isa: $0, threads: 2) }
        + isas.suffix(1).flatMap { [Backend(isa: $0, threads: 1), Backend(isa: $0, threads: 3), Backend(isa: $0, threads: 2, plan: true)] }
        + VulkanRow.storages.map { Backend(isa: .generic, threads: 1, vulkan: $0) }

    /// bf16 factors, where the machine multiplies them: for ops that have kernels for it.
    static let bf16: [Backend] = ISA.available.filter { (try? CPUPrecision.bf16.check($0)) != nil }.flatMap {
        [Backend(isa: $0, threads: 1, precision: .bf16), Backend(isa: $0, threads: 3, precision: .bf16)]
    }

    /// `values` as the row stores them: fp16 has 11 bits, and infinity from 65,520 on.
    func stored(_ values: [Float]) -> [Float] { vulkan == .f16 ? values.map { Float(Float16($0)) } : values }

    /// What is left of an expected number once it is stored: another infinity where fp16 holds no number so large.
    func stored(_ value: Double) -> Double { vulkan == .f16 && abs(value) >= 65_520 ? Double(Float16(Float(value))) : value }

    /// One row per instruction set, for tests of functions whose split does not matter.
    static let isas: [ISA] = {
        let features = opsin_cpu_detect()
        return [(ISA.generic, features.generic), (.neon, features.neon), (.avx2, features.avx2), (.avx512, features.avx512)].filter(\.1).map(\.0)
    }()
}

/// A tensor that a test feeds.
struct Tensor: Sendable {
    let shape: Shape
    let values: [Float]

    init(_ shape: Shape, _ values: [Float]) { (self.shape, self.values) = (shape, values) }

    /// `[n, h, w, c]` filled with numbers in -scale...scale that do not repeat with any period of a shape.
    init(n: Int = 1, h: Int = 1, w: Int = 1, c: Int, seed: UInt64, scale: Float = 2) throws {
        shape = try Shape(n: n, h: h, w: w, c: c)
        values = numbers(shape.count, seed: seed, scale: scale)
    }

    subscript(n: Int, h: Int, w: Int, c: Int) -> Double { Double(values[((n * shape.h + h) * shape.w + w) * shape.c + c]) }
}

/// `count` numbers in -scale...scale from a linear congruential generator.
func numbers(_ count: Int, seed: UInt64, scale: Float = 2) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Float(state >> 40) / Float(1 << 23) - 1) * scale
    }
}

extension Op {
    /// Whether the output may be the bytes of the first input.
    var runsInPlace: Bool {
        switch self {
        case .activation, .add, .batchNorm, .boxRefinement, .groupNorm, .layerNorm, .layerScale, .multiply, .rmsNorm, .softmax: true
        default: false
        }
    }
}

/// Runs a graph of one node and returns its output; an issue when it wrote outside of it. A plan decides by itself what runs in place.
func run(_ op: Op, on backend: Backend, inputs: [Tensor], inPlace: Bool = false) throws -> [Float] {
    var graph = Graph()
    let values = inputs.enumerated().map { graph.input("x\($0.offset)", shape: $0.element.shape) }
    let output = try graph.append(op, values, name: "node")
    if let storage = backend.vulkan {
        graph.output("y", output, layout: .nhwc)
        return try #require(VulkanPlan(graph, on: VulkanRow.device.get(), storage: storage).run(inputs.map(\.values)).first)
    }
    if backend.plan {
        graph.output("y", output, layout: .nhwc)
        let plan = try CPUPlan(graph, team: CPUTeam(threads: backend.threads), weights: PackedWeights(), isa: backend.isa, precision: backend.precision)
        plan.poison()
        return try #require(plan.run(inputs.map(\.values)).first)
    }
    let lowering = try #require(op.rule as? any CPUOp, "\(op.name) has no row in the CPU backend")
    let runner = StepRunner(isa: backend.isa, threads: backend.threads, precision: backend.precision)
    for (value, tensor) in zip(values, inputs) { runner.write(tensor.values, to: value) }
    if inPlace { runner.alias(output, to: values[0]) }
    runner.run(try lowering.lower(graph.nodes[0], runner))
    #expect(runner.guardIsWhole(output), "\(op.name) on \(backend.testDescription) wrote behind its output")
    if !inPlace {
        for (value, tensor) in zip(values, inputs) { #expect(sameBits(runner.read(value), tensor.values), "\(op.name) changed an input") }
    }
    return runner.read(output)
}

private func sameBits(_ a: [Float], _ b: [Float]) -> Bool { a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern } }

/// Expects that `op` makes `want` of `inputs`, in place too where the op allows. `alike` says that all expected numbers are equal on purpose.
func expect(
    _ op: Op, on backend: Backend, _ inputs: [Tensor], gives want: [Double], alike: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(alike || want.count < 2 || want.contains { $0 != want[0] && !$0.isNaN }, "the expected numbers are all alike", sourceLocation: sourceLocation)
    for inPlace in op.runsInPlace ? [false, true] : [false] {
        let got = try run(op, on: backend, inputs: inputs, inPlace: inPlace)
        compare(got, want, "\(op.name) on \(backend.testDescription)\(inPlace ? " in place" : "")", backend.tolerance, inputs, sourceLocation)
    }
}

private func compare(_ got: [Float], _ want: [Double], _ what: String, _ tolerance: Double, _ inputs: [Tensor], _ location: SourceLocation) {
    guard got.count == want.count else {
        Issue.record("\(what): \(got.count) elements, expected \(want.count)", sourceLocation: location)
        return
    }
    let finite = want.filter(\.isFinite), mean = finite.reduce(0) { $0 + abs($1) } / Double(max(finite.count, 1))
    for index in want.indices {
        let g = Double(got[index]), w = want[index]
        let fits = w.isNaN ? g.isNaN : w.isInfinite ? g == w : abs(g - w) <= tolerance * max(abs(w), mean)
        if fits { continue }
        let input = inputs[0].values.count == got.count ? ", input \(inputs[0].values[index])" : ""
        Issue.record("\(what): element \(index)\(input): got \(g), want \(w)", sourceLocation: location)
        return
    }
}

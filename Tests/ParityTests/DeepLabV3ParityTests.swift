import OpsinCPU
import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// DeepLabV3's cases on the CPU: logits at output stride 16 and 8, whose late layers are dilated by 2 and 4.
@Suite struct DeepLabV3ParityTests {
    /// The case with its input, NHWC, and the graph of its size.
    static func prepared(_ name: String) throws -> (expected: OracleTensor, input: [Float], graph: Graph) {
        let oracle = try OracleCase(name)
        let (input, shape) = try oracle.input()
        let logits = try #require(try oracle.expected()["logits"])
        return (logits, input, try oracle.network().graph(batch: 1, height: shape.h, width: shape.w))
    }

    /// oracle/README.md: 3e-4 of the largest value, since these random weights amplify rounding.
    func check(_ name: String, isa: ISA, threads: Int, fused: Bool) throws {
        let (expected, input, graph) = try Self.prepared(name)
        let plan = try CPUPlan(
            fused ? graph.optimized() : graph, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: isa)
        plan.poison()
        let values = try plan.run([input])
        let shape = plan.outputs[0].value.shape, pixels = shape.h * shape.w
        #expect(plan.outputs[0].layout.dimensions(of: shape) == expected.dimensions)
        let found = values[0].indices.map { values[0][$0 % pixels * shape.c + $0 / pixels] }
        let worst = OracleCase.distance(found, expected.values)
        #expect(worst <= 3e-4, "\(name) \(isa.rawValue) \(threads) threads, \(fused ? "fused" : "unfused"): logits are off by \(worst)")
    }

    @Test(arguments: ISA.available)
    func outputStride16GivesTheReferencesValues(_ isa: ISA) throws { try check("deeplabv3_mobilenet_v2_os16", isa: isa, threads: 2, fused: true) }

    @Test func outputStride8GivesTheReferencesValues() throws {
        try check("deeplabv3_mobilenet_v2_os8", isa: ISA.usable(), threads: 2, fused: true)
    }

    @Test func unfusedGraphGivesTheReferencesValues() throws {
        try check("deeplabv3_mobilenet_v2_os16", isa: ISA.usable(), threads: 1, fused: false)
    }
}

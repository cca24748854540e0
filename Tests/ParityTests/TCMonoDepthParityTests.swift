import OpsinCPU
import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// TCMonoDepth's case on the CPU: every head, every stage and decoder, in every instruction set, fused and as the reference has them.
@Suite struct TCMonoDepthParityTests {
    /// Runs `graph`; the largest difference of each of its outputs from what the reference gave, over its largest magnitude. `names` are the reference's
    /// names where they are others.
    static func differences(
        _ graph: Graph, isa: ISA, threads: Int, precision: CPUPrecision = .fp32, names: [String: String] = [:]
    ) throws -> [String: Double] {
        let oracle = try OracleCase("tcmonodepth_small"), expected = try oracle.expected(), (input, _) = try oracle.input()
        let plan = try CPUPlan(graph, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: isa, precision: precision)
        plan.poison()
        var worst: [String: Double] = [:]
        for (port, values) in zip(plan.outputs, try plan.run([input])) {
            let shape = port.value.shape, pixels = shape.h * shape.w
            let found = OracleCase.sample((0..<values.count).map { values[$0 % pixels * shape.c + $0 / pixels] })
            let tensor = try #require(expected["sample." + (names[port.name] ?? port.name)], "no \(port.name)")
            worst[port.name] = OracleCase.distance(found, tensor.values)
        }
        return worst
    }

    func graph(_ scale: Int = 1) throws -> Graph {
        let oracle = try OracleCase("tcmonodepth_small"), (_, shape) = try oracle.input()
        return try oracle.network().graph(batch: 1, height: shape.h, width: shape.w, options: NetworkOptions(depthScale: scale))
    }

    @Test(arguments: ISA.available) func everyMapIsTheReferences(isa: ISA) throws {
        let plain = try graph(), all = plain.exposing(plain.endpoints.map(\.name)).graph
        for (what, graph) in [("fused", all.optimized()), ("unfused", all)] {
            let worst = try Self.differences(graph, isa: isa, threads: what == "fused" ? 2 : 1)
            #expect(worst.count == 10)
            for (name, difference) in worst { #expect(difference <= 1e-4, "\(what) \(isa.rawValue): \(name) is off by \(difference)") }
        }
    }

    @Test(arguments: [4, 8]) func aCoarseHeadAloneIsTheReferences(scale: Int) throws {
        let worst = try Self.differences(
            graph(scale).optimized(), isa: ISA.usable(), threads: 2, names: ["predicted_depth": "predicted_depth_\(scale)"])
        #expect(worst.keys.sorted() == ["predicted_depth"] && worst.values.allSatisfy { $0 <= 1e-4 })
    }

    /// Issue 8: at most 2 % of the range in bf16.
    @Test(.enabled(if: ISA.available.contains(.avx512) && (try? CPUPrecision.bf16.check(.avx512)) != nil, "needs AVX-512 BF16"))
    func bf16StaysClose() throws {
        let worst = try Self.differences(graph().optimized(), isa: .avx512, threads: 2, precision: .bf16)
        #expect(worst.values.allSatisfy { $0 <= 2e-2 && $0 > 1e-6 }, "\(worst)")
    }
}

import OpsinCPU
import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// The oracle's cases on the CPU: logits and every named module, in every instruction set, fused and as the reference has them.
@Suite struct OracleParityTests {
    /// Everything a comparison needs, made once for all of them.
    struct Prepared: Sendable {
        let network: Network
        let expected: [String: OracleTensor]
        /// The exact input, NHWC.
        let input: [Float]
        let shape: Shape

        init(_ name: String) throws {
            let oracle = try OracleCase(name)
            network = try oracle.network()
            expected = try oracle.expected()
            (input, shape) = try oracle.input()
        }
    }

    /// Runs the case with all its modules as outputs and returns them in the reference's layout.
    func run(_ prepared: Prepared, isa: ISA, threads: Int, fused: Bool, precision: CPUPrecision = .fp32) throws -> [String: [Float]] {
        let plain = try prepared.network.graph(batch: 1, height: prepared.shape.h, width: prepared.shape.w)
        let graph: Graph
        if fused {
            // What the fused graph still has: raw convolution outputs are folded into.
            let kept = Set(plain.optimized().nodes.map(\.output.index))
            graph = plain.exposing(plain.endpoints.filter { kept.contains($0.value.index) }.map(\.name)).graph.optimized()
        } else {
            graph = plain.exposing(plain.endpoints.map(\.name)).graph
        }
        let plan = try CPUPlan(graph, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: isa, precision: precision)
        plan.poison()
        let outputs = try plan.run([prepared.input])
        var found: [String: [Float]] = [:]
        for (port, values) in zip(plan.outputs, outputs) { found[port.name] = nchw(values, port.value.shape) }
        return found
    }

    func nchw(_ values: [Float], _ shape: Shape) -> [Float] {
        let pixels = shape.h * shape.w
        return (0..<values.count).map { values[$0 % pixels * shape.c + $0 / pixels] }
    }

    func check(_ name: String, isa: ISA, threads: Int, fused: Bool) throws {
        let prepared = try Prepared(name)
        let found = try run(prepared, isa: isa, threads: threads, fused: fused)
        var compared = 0
        for (key, tensor) in prepared.expected where key != "pixel_values" {
            let module = key.hasPrefix("sample.") ? String(key.dropFirst(7)) : key
            guard let values = found[module] else {
                #expect(fused, "\(name): no \(module)")
                continue
            }
            let worst = OracleCase.distance(key.hasPrefix("sample.") ? OracleCase.sample(values) : values, tensor.values)
            #expect(worst <= 1e-4, "\(name) \(isa.rawValue) \(threads) threads, \(fused ? "fused" : "unfused"): \(module) is off by \(worst)")
            compared += 1
        }
        #expect(compared >= (name == "mobilenet_v2_hf" ? 1 : fused ? 17 : 19))
    }

    @Test(arguments: OracleCase.inRepository, ISA.available)
    func fusedGraphGivesTheReferencesValues(name: String, isa: ISA) throws { try check(name, isa: isa, threads: 2, fused: true) }

    @Test(arguments: OracleCase.inRepository)
    func unfusedGraphGivesTheReferencesValues(name: String) throws { try check(name, isa: ISA.usable(), threads: 1, fused: false) }
}

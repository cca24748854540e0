import OpsinCPU
import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// Depth Anything V2 on the CPU: the small metric network that is in the repository in every instruction set, the published small one where its case is.
@Suite struct DepthAnythingParityTests {
    /// Runs `graph` and answers, by name, each output that is expected as the reference lays it out, sampled where that is.
    func run(
        _ graph: Graph, _ input: [Float], _ expected: [String: OracleTensor], isa: ISA, threads: Int, precision: CPUPrecision = .fp32
    ) throws -> [String: (found: [Float], expected: [Float])] {
        let plan = try CPUPlan(graph, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: isa, precision: precision)
        plan.poison()
        let outputs = try plan.run([input])
        var pairs: [String: (found: [Float], expected: [Float])] = [:]
        for (port, values) in zip(plan.outputs, outputs) {
            let shape = port.value.shape, pixels = shape.h * shape.w
            let found = (0..<values.count).map { values[$0 % pixels * shape.c + $0 / pixels] }
            if let tensor = expected[port.name] { pairs[port.name] = (found, tensor.values) }
            if let tensor = expected["sample." + port.name] { pairs[port.name] = (OracleCase.sample(found), tensor.values) }
        }
        return pairs
    }

    /// The largest difference over the expected range; infinite when anything is NaN.
    func distance(_ pair: (found: [Float], expected: [Float])) -> Double {
        guard pair.found.count == pair.expected.count, let most = pair.expected.max(), let least = pair.expected.min() else { return .infinity }
        return zip(pair.found, pair.expected).reduce(0.0) { worst, values in
            let difference = abs(Double(values.0) - Double(values.1))
            return difference.isNaN ? .infinity : max(worst, difference)
        } / max(Double(most) - Double(least), 1e-12)
    }

    func graph(_ oracle: OracleCase, _ shape: Shape, fused: Bool) throws -> Graph {
        let plain = try oracle.network().graph(batch: 1, height: shape.h, width: shape.w)
        let exposed = plain.exposing(plain.endpoints.map(\.name)).graph
        return fused ? exposed.optimized() : exposed
    }

    @Test(arguments: ISA.available)
    func everyInstructionSetGivesTheReferencesValues(isa: ISA) throws {
        let oracle = try OracleCase("depth_anything_tiny"), (input, shape) = try oracle.input()
        for (fused, threads) in [(true, 2), (false, 1)] {
            let pairs = try run(graph(oracle, shape, fused: fused), input, oracle.expected(), isa: isa, threads: threads)
            #expect(pairs.count == 6)
            for (name, pair) in pairs { #expect(distance(pair) <= 2e-5, "\(isa.rawValue) fused \(fused): \(name) is off by \(distance(pair))") }
        }
    }

    /// Two images of different content: every op counts images.
    @Test func aBatchIsItsImages() throws {
        let oracle = try OracleCase("depth_anything_tiny"), (input, shape) = try oracle.input()
        let expected = try #require(try oracle.expected()["predicted_depth"]).values, mirrored = Array(input.reversed())
        let network = try oracle.network()
        let plan = try CPUPlan(
            network.graph(batch: 2, height: shape.h, width: shape.w).optimized(), team: CPUTeam(threads: 2), weights: PackedWeights())
        for (first, second) in [(input, mirrored), (mirrored, input)] {
            let depth = try plan.run([first + second])[0], half = depth.count / 2
            let ours = Array(first == input ? depth[..<half] : depth[half...]), other = Array(first == input ? depth[half...] : depth[..<half])
            #expect(distance((ours, expected)) <= 2e-5 && distance((other, expected)) > 0.01)
        }
    }

    @Test(.enabled(if: (try? CPUPrecision.bf16.check(ISA.usable())) != nil, "no bf16 instructions here"))
    func bf16StaysClose() throws {
        let oracle = try OracleCase("depth_anything_tiny"), (input, shape) = try oracle.input()
        let pairs = try run(graph(oracle, shape, fused: true), input, oracle.expected(), isa: ISA.usable(), threads: 2, precision: .bf16)
        let worst = try distance(#require(pairs["predicted_depth"]))
        #expect(worst <= 0.02 && worst > 1e-6, "bf16 is off by \(worst)")
    }

    @Test(.enabled(if: OracleCase.sharedOracle != nil, "no shared/oracle beside the checkout: depth_anything_v2_small is too large to carry"))
    func thePublishedSmallNetwork() throws {
        let shared = try #require(OracleCase.sharedOracle), name = "depth_anything_v2_small"
        let oracle = try OracleCase(folder: File.join(shared, "cases/\(name)"), name: name), expected = try oracle.expected()
        let pixels = try #require(expected["pixel_values"])
        let shape = try Shape(n: 1, h: pixels.dimensions[2], w: pixels.dimensions[3], c: 3), plane = shape.h * shape.w
        let input = (0..<plane * 3).map { pixels.values[$0 % 3 * plane + $0 / 3] }
        let pairs = try run(graph(oracle, shape, fused: true), input, expected, isa: ISA.usable(), threads: 2)
        let worst = try distance(#require(pairs["predicted_depth"]))
        #expect(worst <= 2e-5, "off by \(worst) of the range")
    }
}

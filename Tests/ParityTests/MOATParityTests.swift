import OpsinCPU
import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// MOAT's cases on the CPU: global attention, windows and features, in every instruction set, fused and as the reference has them.
@Suite struct MOATParityTests {
    /// Those that the repository holds; their input follows from the photo.
    static let cases = ["tiny_moat_0", "tiny_moat_0_window"]
    static let needsShared = ConditionTrait.enabled(if: OracleCase.sharedOracle != nil, "no shared/oracle beside the checkout: too large to carry")

    /// The case with its input, NHWC.
    static func prepared(_ name: String) throws -> (oracle: OracleCase, input: [Float], shape: Shape) {
        let oracle = try OracleCase(name), (input, shape) = try oracle.input()
        return (oracle, input, shape)
    }

    /// A large case, read where it is.
    static func preparedFromShared(_ name: String) throws -> (oracle: OracleCase, input: [Float], shape: Shape) {
        let shared = try #require(OracleCase.sharedOracle)
        let oracle = try OracleCase(folder: File.join(shared, "cases/\(name)"), name: name)
        let pixels = try #require(try oracle.expected()["pixel_values"])
        let shape = try Shape(n: 1, h: pixels.dimensions[2], w: pixels.dimensions[3], c: 3), plane = shape.h * shape.w
        return (oracle, (0..<plane * 3).map { pixels.values[$0 % 3 * plane + $0 / 3] }, shape)
    }

    /// Runs `graph` and compares each of its outputs with the tensor of that name; answers how many there were.
    static func compare(
        _ graph: Graph, _ input: [Float], _ expected: [String: OracleTensor], isa: ISA, threads: Int, what: String
    ) throws -> Int {
        let plan = try CPUPlan(graph, team: CPUTeam(threads: threads), weights: PackedWeights(), isa: isa)
        plan.poison()
        let outputs = try plan.run([input])
        var compared = 0
        for (port, values) in zip(plan.outputs, outputs) {
            guard let tensor = expected[port.name] else { continue }
            let shape = port.value.shape, pixels = shape.h * shape.w
            var found = (0..<values.count).map { values[$0 % pixels * shape.c + $0 / pixels] }
            // Large maps are stored as samples.
            if tensor.dimensions == [4096], found.count > 4096 { found = OracleCase.sample(found) }
            let worst = OracleCase.distance(found, tensor.values)
            #expect(worst <= 1e-4, "\(what) \(isa.rawValue) \(threads) threads: \(port.name) is off by \(worst)")
            compared += 1
        }
        return compared
    }

    @Test(arguments: cases, ISA.available)
    func fusedGraphGivesTheReferencesValues(name: String, isa: ISA) throws {
        let (oracle, input, shape) = try Self.prepared(name)
        let graph = try oracle.network().graph(batch: 1, height: shape.h, width: shape.w).optimized()
        let compared = try Self.compare(graph, input, oracle.expected(), isa: isa, threads: 2, what: name)
        #expect(compared == (name == "tiny_moat_0_window" ? 5 : 1))
    }

    @Test(needsShared, arguments: ISA.available)
    func moat0GivesTheReferencesLogits(isa: ISA) throws {
        let (oracle, input, shape) = try Self.preparedFromShared("moat_0")
        let graph = try oracle.network().graph(batch: 1, height: shape.h, width: shape.w).optimized()
        #expect(try Self.compare(graph, input, oracle.expected(), isa: isa, threads: 2, what: "moat_0") == 1)
    }

    /// The checkpoint that TensorFlow wrote, opened directly.
    @Test(needsShared, arguments: ISA.available)
    func theCheckpointGivesTheReferencesLogits(isa: ISA) throws {
        let folder = File.join(try #require(OracleCase.sharedOracle), "moat_tf1_checkpoint")
        let expected = try OracleCase.tensors(File.join(folder, "expected.safetensors"))
        let input = try #require(expected["x_nhwc"])
        let network = try ModelFolder(path: folder).network()
        #expect(network.architecture.name == "tiny-moat-0" && network.parameterCount == 3_355_348)
        let graph = try network.graph(batch: 1, height: input.dimensions[1], width: input.dimensions[2]).optimized()
        #expect(try Self.compare(graph, input.values, expected, isa: isa, threads: 2, what: "checkpoint") == 1)
    }

    @Test func unfusedGraphGivesTheReferencesValues() throws {
        let (oracle, input, shape) = try Self.prepared("tiny_moat_0_window")
        let graph = try oracle.network().graph(batch: 1, height: shape.h, width: shape.w)
        #expect(try Self.compare(graph, input, oracle.expected(), isa: ISA.usable(), threads: 1, what: "unfused") == 5)
    }
}

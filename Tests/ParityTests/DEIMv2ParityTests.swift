import OpsinCPU
import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// DEIMv2 against upstream's way on the shipped weights, and against transformers' class in its own way (Scripts/deimv2_golden.py).
@Suite struct DEIMv2ParityTests {
    /// Every output and endpoint that the graph has, in the reference's layout, by name.
    func run(_ graph: Graph, _ input: [Float], isa: ISA, precision: CPUPrecision = .fp32) throws -> [String: [Float]] {
        let plan = try CPUPlan(graph, team: CPUTeam(threads: 2), weights: PackedWeights(), isa: isa, precision: precision)
        plan.poison()
        var found: [String: [Float]] = [:]
        for (port, values) in zip(plan.outputs, try plan.run([input])) {
            let shape = port.value.shape, pixels = shape.h * shape.w
            found[port.name] = port.layout == .nchw ? values.indices.map { values[$0 % pixels * shape.c + $0 / pixels] } : values
        }
        return found
    }

    /// The shipped detector on a photo, fused and as the reference has it; tolerance of the oracle's case, a tenth of it for what has not
    /// been refined.
    @Test(arguments: ISA.available)
    func theShippedDetectorGivesTheReferencesValues(_ isa: ISA) throws {
        let oracle = try OracleCase("deimv2_atto_f16")
        let network = try oracle.sharedModel().network()
        let expected = try oracle.expected()
        let (input, shape) = try oracle.input()
        let plain = try network.graph(batch: 1, height: shape.h, width: shape.w)
        for fused in [true, false] {
            let graph = plain.exposing(plain.endpoints.map(\.name)).graph
            let found = try run(fused ? graph.optimized() : graph, input, isa: isa)
            for (key, tensor) in expected {
                let name = key.hasPrefix("sample.") ? String(key.dropFirst(7)) : key
                if fused, name.contains("bi_fusion") { continue }
                let values = try #require(found[name], "no \(name)")
                let worst = OracleCase.distance(key.hasPrefix("sample.") ? OracleCase.sample(values) : values, tensor.values)
                let isExact = name.contains("conv_encoder") || name.contains("model.encoder") || name == "query_tokens"
                #expect(worst <= (isExact ? 1e-4 : 1e-3), "\(isa.rawValue) \(fused ? "fused" : "unfused"): \(name) is off by \(worst)")
            }
            #expect(expected.count >= 32)
        }
    }

    @Test(arguments: ["deimv2_tiny_lite", "deimv2_tiny_hybrid"])
    func transformersWayGivesTransformersValues(_ name: String) throws {
        let oracle = try OracleCase(name)
        let network = try oracle.modelFolder().network()
        let expected = try oracle.expected(), pixels = try #require(expected["pixel_values"])
        let (height, width) = (pixels.dimensions[2], pixels.dimensions[3])
        let input = (0..<height * width * 3).map { pixels.values[$0 % 3 * height * width + $0 / 3] }
        let plain = try network.graph(batch: 1, height: height, width: width)
        for graph in [plain, plain.optimized()] {
            let found = try run(graph, input, isa: ISA.usable())
            for key in ["logits", "pred_boxes"] {
                let want = try #require(expected[key])
                let worst = OracleCase.distance(try #require(found[key]), want.values)
                #expect(worst <= 1e-4, "\(name): \(key) is off by \(worst)")
            }
        }
        #expect(oracle.description["parameters"]?.int == network.parameterCount)
    }

    /// Maps of 64 x 64: the outermost tokens have no valid anchor. Nothing may become infinite.
    @Test func largeInputsMaskTheirOutermostTokens() throws {
        let network = try OracleCase("deimv2_atto_f16").sharedModel().network()
        let graph = try network.graph(batch: 1, height: 1024, width: 1024).optimized()
        let found = try run(graph, [Float](repeating: 0.5, count: 1024 * 1024 * 3), isa: ISA.usable())
        #expect(found["logits"]?.allSatisfy(\.isFinite) == true && found["pred_boxes"]?.allSatisfy(\.isFinite) == true)
        #expect(graph.nodes.contains { $0.name == "model.masked_tokens" })
        #expect { try network.graph(batch: 1, height: 320, width: 336) } throws: { "\($0)".contains("320x336, expected multiples of 32") }
        #expect { try network.graph(batch: 1, height: 64, width: 64) } throws: { "\($0)".contains("20 pixels, expected at least 100") }
    }

    /// Affine blocks and RepVGG's branches cost nothing in the graph that runs.
    @Test func passesLeaveNoNormsBehind() throws {
        let network = try OracleCase("deimv2_atto_f16").sharedModel().network()
        let graph = try network.graph(batch: 1, height: 320, width: 320).optimized()
        let names = graph.nodes.map(\.op.name)
        #expect(!names.contains("BatchNorm") && names.filter { $0 == "Conv2D" }.count == 44)
    }
}

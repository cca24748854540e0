import OpsinCPU
import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

/// LR-ASPP over each of its backbones on the CPU, beside what PyTorch gives for random weights (Scripts/make_lraspp_cases.py).
@Suite struct LRASPPParityTests {
    static let cases = ["lraspp_mobilenet_v3_large", "lraspp_mobilenetv4_conv_small", "lraspp_tiny_moat_0"]

    @Test(arguments: cases, ISA.available)
    func logitsAreTheReferences(_ name: String, _ isa: ISA) throws {
        let (expected, input, graph) = try DeepLabV3ParityTests.prepared(name)
        let compared = try MOATParityTests.compare(graph.optimized(), input, ["logits": expected], isa: isa, threads: 2, what: name)
        #expect(compared == 1)
    }

    @Test(arguments: cases)
    func unfusedLogitsAreTheReferences(_ name: String) throws {
        let (expected, input, graph) = try DeepLabV3ParityTests.prepared(name)
        #expect(graph.outputs[0].layout.dimensions(of: graph.outputs[0].value.shape) == expected.dimensions)
        #expect(try MOATParityTests.compare(graph, input, ["logits": expected], isa: ISA.usable(), threads: 1, what: name) == 1)
    }
}

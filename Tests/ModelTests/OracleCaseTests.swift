import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

@Suite struct OracleCaseTests {
    /// From oracle/materialize.py: `generate("conv_stem.weight", [32, 3, 3, 3], 0.3333333432674408).reshape(-1)[:4]`.
    @Test func theGeneratorIsThePublishedOne() {
        let values = OracleWeights.generate(name: "conv_stem.weight", count: 4, bound: 0.333_333_343_267_440_8)
        #expect(values == [-0.22461764514446259, -0.14931818842887878, -0.28189513087272644, 0.2966487407684326])
    }

    @Test(arguments: OracleCase.inRepository)
    func everyCaseOpens(_ name: String) throws {
        let oracle = try OracleCase(name)
        let network = try oracle.network()
        let graph = try network.graph(batch: 1, height: network.architecture.inputSize.height, width: network.architecture.inputSize.width)
        let expected = try oracle.expected()
        #expect(graph.outputs.map(\.name) == ["logits"])
        let logits = try #require(expected["logits"])
        #expect(graph.outputs[0].layout.dimensions(of: graph.outputs[0].value.shape) == logits.dimensions)
        for (name, tensor) in expected where name.hasPrefix("sample.") {
            let port = try #require(graph.endpoints.first { "sample." + $0.name == name }, "no endpoint for \(name)")
            #expect(min(4096, port.value.shape.count) == tensor.values.count, "\(name)")
        }
    }
}

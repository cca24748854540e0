import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

@Suite struct MOATTests {
    /// deeplab2's `moat_test.py`: parameters with and without position embeddings.
    @Test(arguments: [
        ("tiny-moat-0", 3_355_348, 3_332_232), ("tiny-moat-1", 5_122_895, 5_094_000), ("tiny-moat-2", 9_772_741, 9_732_288),
        ("tiny-moat-3", 19_534_390, 19_476_600), ("moat-0", 27_846_892, 27_777_544), ("moat-1", 41_598_448, 41_467_864),
        ("moat-2", 73_422_408, 73_248_296), ("moat-3", 189_958_040, 189_536_280), ("moat-4", 483_214_184, 482_539_368),
    ])
    func parameterCount(_ name: String, with: Int, without: Int) throws {
        var options = MOAT.Options()
        #expect(try Network(#require(MOAT(name: name, classCount: 1000, options: options)), weights: .madeUp).parameterCount == with)
        options.hasPositionEmbedding = false
        #expect(try Network(#require(MOAT(name: name, classCount: 1000, options: options)), weights: .madeUp).parameterCount == without)
    }

    /// MODELS.md 2.2, in ten millions.
    @Test(arguments: [("tiny-moat-0", 104), ("tiny-moat-1", 158), ("tiny-moat-2", 297), ("tiny-moat-3", 590), ("moat-0", 564), ("moat-1", 900)])
    func multiplyAdds(_ name: String, tenMillions: Int) throws {
        let network = try Network(#require(MOAT(name: name, classCount: 1000)), weights: .madeUp), size = network.architecture.inputSize
        let graph = try network.graph(batch: 1, height: size.height, width: size.width).optimized()
        let counted = ["Conv2D", "DepthwiseConv2D", "Linear", "WindowedAttention"]
        let flops = graph.nodes.filter { counted.contains($0.op.name) }.reduce(0) { $0 + $1.cost.flops }
        #expect(abs(flops / 2 - tenMillions * 10_000_000) <= 20_000_000)
    }

    @Test(arguments: [(224, 224), (225, 311), (32, 640), (1, 1)])
    func buildsAtEverySize(_ height: Int, _ width: Int) throws {
        let graph = try Network(#require(MOAT(name: "tiny-moat-0", classCount: 10)), weights: .madeUp).graph(batch: 2, height: height, width: width)
        let logits = try Shape(n: 2, h: 1, w: 1, c: 10)
        #expect(graph.outputs.map(\.name) == ["logits"] && graph.outputs[0].value.shape == logits)
        for stage in 1...5 {
            let map = try #require(graph.endpoints.first { $0.name == "stage\(stage)" }).value.shape
            let side = 1 << stage
            #expect(map.h == (height + side - 1) / side && map.w == (width + side - 1) / side)
            #expect(graph.endpoints.first { $0.name == "res\(stage)" }?.value.shape == map)
        }
    }

    @Test func aModelWithoutClassesYieldsItsStages() throws {
        let network = try Network(#require(MOAT(name: "tiny-moat-1", classCount: 0)), weights: .madeUp)
        #expect(network.architecture.task == .features)
        let graph = try network.graph(batch: 1, height: 64, width: 96)
        #expect(graph.outputs.map(\.name) == (1...5).map { "stage\($0)" })
        #expect(graph.outputs.map(\.value.shape.c) == [40, 40, 80, 160, 320])
    }

    /// Windows of 16 and 8 at 1024 x 1024: all activations, even where no pair of ops is fused, beside the weights.
    @Test func moat0AtAThousandPixelsFitsIntoAGibibyte() throws {
        var options = MOAT.Options()
        (options.windows[2], options.windows[3]) = (MOAT.Window(height: 16, width: 16), MOAT.Window(height: 8, width: 8))
        let architecture = try #require(
            MOAT(name: "moat-0", classCount: 0, inputSize: InputSize(height: 256, width: 256), options: options))
        let graph = try Network(architecture, weights: .madeUp).graph(batch: 1, height: 1024, width: 1024).optimized()
        #expect(graph.nodes.contains { if case .windowedAttention(let op) = $0.op { op.windowHeight == 16 } else { false } })
        #expect(ActivationMemory(graph).arenaBytes < 1 << 30)
    }

    @Test func aSizeThatDoesNotTileIsNamed() throws {
        var options = MOAT.Options()
        options.windows = [nil, nil, MOAT.Window(height: 14, width: 7), nil]
        let architecture = try #require(MOAT(name: "tiny-moat-0", classCount: 0, inputSize: InputSize(height: 224, width: 336), options: options))
        let network = try Network(architecture, weights: .madeUp)
        #expect(
            message { _ = try network.graph(batch: 1, height: 450, width: 448) }
                == "tiny-moat-0: stage4 has a map of 29x28, which windows of 14x7 do not tile; expected an input whose sides are multiples of 224 and 112")
    }

    /// Windows in stage 4, the whole map in its last block; a table for each.
    @Test func theLastBlockMayAttendToTheWholeMap() throws {
        var options = MOAT.Options()
        options.windows[2] = MOAT.Window(height: 7, width: 7)
        options.lastBlockIsGlobal = true
        let graph = try Network(
            #require(MOAT(name: "tiny-moat-0", classCount: 0, inputSize: InputSize(height: 224, width: 224), options: options)), weights: .madeUp
        )
        .graph(batch: 1, height: 224, width: 448)
        let windows = graph.nodes.compactMap { node -> [Int]? in
            if case .windowedAttention(let op) = node.op { [op.windowHeight, op.windowWidth, op.positionBias?.count ?? 0] } else { nil }
        }
        #expect(windows == Array(repeating: [7, 7, 4 * 13 * 13], count: 6) + [[14, 28, 4 * 27 * 55]] + Array(repeating: [7, 14, 8 * 13 * 27], count: 2))
    }

    @Test(arguments: ["tiny_moat_0", "tiny_moat_0_window"])
    func everyCaseOpens(_ name: String) throws {
        let oracle = try OracleCase(name), network = try oracle.network()
        let size = network.architecture.inputSize
        let graph = try network.graph(batch: 1, height: size.height, width: size.width)
        let expected = try oracle.expected()
        #expect(Set(graph.outputs.map(\.name)) == Set(expected.keys))
        let labels = try oracle.modelFolder().labels()
        #expect(labels.count == network.architecture.classCount)
    }

    @Test(arguments: [
        (#""architecture": "moat-5""#, "architecture moat-5 is not supported"), (#""pool_size": 2"#, "architecture is missing"),
        (#""architecture": "moat-0", "window_size": [7, 7]"#, "window_size is an array of 2, expected four windows"),
        (#""architecture": "moat-0", "window_size": [null, null, [7, 0], null]"#, "window_size[2]"),
        (#""architecture": "moat-0", "pool_size": 0"#, "pool_size is 0"), (#""architecture": "moat-0", "num_classes": -1"#, "num_classes is -1"),
    ])
    func refusesConfigurations(_ members: String, expected: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"model_type": "moat", "# + members + "}", to: "config.json")
        #expect(message { _ = try ModelFolder(path: folder.path).architecture() }?.contains(expected) == true)
    }
}

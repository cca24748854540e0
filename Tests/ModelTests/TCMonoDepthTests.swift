import OpsinGraph
import OpsinModels
import OracleSupport
import Testing

@Suite struct TCMonoDepthTests {
    func network() throws -> Network { try OracleCase("tcmonodepth_small").network() }

    /// MODELS.md 3.4.1: `sum(p.numel() for p in model.parameters())` of the published network with its three heads.
    @Test func parameterCount() throws {
        let network = try network()
        #expect(network.parameterCount == 186_063 && network.architecture.name == "tcmonodepth_small")
        #expect(network.architecture.task == .depth && network.architecture.depthKind == .relativeInverse && network.architecture.depthScales == [1, 4, 8])
    }

    /// A coarse head needs neither the finer decoders nor their skips: no node of theirs is in the graph, fused or not.
    @Test func finerDecodersAreNotPlanned() throws {
        let network = try network()
        var counts: [Int] = [], flops: [Int] = [], arenas: [Int] = []
        for (scale, missing) in [(1, []), (4, ["decoder1", "final."]), (8, ["decoder1", "decoder2", "final.", "final2"])] {
            let plain = try network.graph(batch: 1, height: 256, width: 448, options: NetworkOptions(depthScale: scale))
            let fused = plain.optimized()
            for name in missing { #expect(!plain.nodes.contains { $0.name.contains(name) }, "scale \(scale) has \(name)") }
            #expect(plain.outputs.map(\.name) == ["predicted_depth"])
            let output = try Shape(n: 1, h: 256, w: 448, c: 1)
            #expect(plain.outputs.first?.value.shape == output)
            counts.append(fused.nodes.count)
            flops.append(fused.cost.flops)
            arenas.append(ActivationMemory(fused).arenaBytes)
        }
        #expect(counts[0] > counts[1] && counts[1] > counts[2])
        #expect(flops[0] > flops[1] && flops[1] > flops[2] && Double(flops[2]) < 0.75 * Double(flops[0]))
        #expect(arenas[0] >= arenas[1] && arenas[1] >= arenas[2] && arenas[0] > arenas[2])
        // The coarse heads of the whole network cost nothing unless somebody asks for them.
        let whole = try network.graph(batch: 1, height: 256, width: 256)
        #expect(whole.endpoints.map(\.name).contains("predicted_depth_8") && !whole.optimized().nodes.contains { $0.name.contains("final3") })
    }

    @Test(arguments: [2, 0, -1, 16]) func otherScalesAreNamed(_ scale: Int) throws {
        let network = try network()
        #expect(message { try network.check(NetworkOptions(depthScale: scale)) } == "tcmonodepth_small: depth scale \(scale), expected 1, 4, 8")
        let classifier = try Network(#require(MobileNetV4(name: "mobilenetv4_conv_small", classCount: 10)), weights: .madeUp)
        #expect(message { try classifier.check(NetworkOptions(depthScale: 4)) }?.hasSuffix("depth scale 4, expected 1") == true)
    }

    @Test(arguments: [(256, 384), (32, 32), (1, 1), (33, 95)]) func buildsAtEverySize(_ height: Int, _ width: Int) throws {
        let graph = try network().graph(batch: 2, height: height, width: width)
        let output = try Shape(n: 2, h: height, w: width, c: 1)
        #expect(graph.outputs.first?.value.shape == output)
        for stage in 1...4 {
            let side = 1 << stage, map = try #require(graph.endpoints.first { $0.name == "stage_\(stage)" }).value.shape
            #expect(map.h == (height + side - 1) / side && map.w == (width + side - 1) / side)
        }
    }

    @Test(arguments: [
        (#""num_channels": 1"#, "num_channels is 1, only 3 is supported"),
        (#""stem_channels": 23"#, "stem_channels is 23, expected an even number"),
        (#""stage_channels": [48, 96]"#, "stage_channels is an array of 2, expected three integers of 2 to 4096"),
        (#""stage_channels": [48, 98, 192]"#, "stage_channels holds 98 after 48, expected growing multiples of 4: half of them pass a block by"),
        (#""stage_channels": [24, 96, 192]"#, "stage_channels holds 24 after 24, expected growing multiples of 4: half of them pass a block by"),
        (#""stage_depths": [4, 0, 4]"#, "stage_depths is an array of 3, expected three integers of 1 to 100"),
        (#""kernel_size": 4"#, "kernel_size is 4, expected an odd number"),
        (#""decoder_scales": [2, 4, 16]"#, "decoder_scales is [2, 4, 16], only [2, 4, 8] is supported"),
        (#""depth_estimation_type": "metric""#, "depth_estimation_type is \"metric\", TCMonoDepth's is \"relative\""),
    ]) func hostileConfigsAreNamed(_ member: String, _ expected: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"model_type": "tcmonodepth", \#(member)}"#, to: "config.json")
        #expect(message { _ = try ModelFolder(path: folder.path).architecture() }?.hasSuffix(expected) == true)
    }
}

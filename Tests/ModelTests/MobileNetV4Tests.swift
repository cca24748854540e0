import OpsinGraph
import OpsinModels
import Testing

@Suite struct MobileNetV4Tests {
    /// timm's published counts (MODELS.md 2.1); those of the narrow variants to the digits that are published.
    @Test(arguments: [
        ("mobilenetv4_conv_small", 3_774_024), ("mobilenetv4_conv_medium", 9_715_512), ("mobilenetv4_conv_large", 32_590_864),
        ("mobilenetv4_hybrid_medium", 11_074_648), ("mobilenetv4_hybrid_large", 37_764_624),
    ])
    func parameterCount(_ name: String, expected: Int) throws {
        let network = try Network(#require(MobileNetV4(name: name, classCount: 1000)), weights: .madeUp)
        #expect(network.parameterCount == expected)
    }

    @Test(arguments: [("mobilenetv4_conv_small_050", 2_239), ("mobilenetv4_conv_small_035", 1_905)])
    func parameterCountOfNarrowVariants(_ name: String, thousands: Int) throws {
        let network = try Network(#require(MobileNetV4(name: name, classCount: 1000)), weights: .madeUp)
        #expect((network.parameterCount + 500) / 1000 == thousands)
    }

    @Test(arguments: MobileNetV4.names, [(1, 1), (32, 32), (224, 224), (225, 311), (96, 640)])
    func buildsAtEverySize(_ name: String, size: (Int, Int)) throws {
        let network = try Network(#require(MobileNetV4(name: name, classCount: 10)), weights: .madeUp)
        let graph = try network.graph(batch: 2, height: size.0, width: size.1)
        #expect(graph.inputs.map(\.name) == ["pixel_values"] && graph.outputs.map(\.name) == ["logits"])
        #expect(graph.outputs[0].value.shape == (try Shape(n: 2, h: 1, w: 1, c: 10)))
        let last = try #require(graph.endpoints.dropLast().last?.value.shape)
        #expect(last == (try Shape(n: 2, h: (size.0 + 31) / 32, w: (size.1 + 31) / 32, c: name.hasSuffix("050") ? 480 : name.hasSuffix("035") ? 336 : 960)))
    }

    /// `timm.create_model(name, features_only=True).feature_info.channels()`; reductions 2, 4, 8, 16, 32.
    @Test(arguments: [
        ("mobilenetv4_conv_small", [32, 32, 64, 96, 960]), ("mobilenetv4_conv_medium", [32, 48, 80, 160, 960]),
        ("mobilenetv4_conv_large", [24, 48, 96, 192, 960]), ("mobilenetv4_hybrid_medium", [32, 48, 80, 160, 960]),
    ])
    func features(_ name: String, channels: [Int]) throws {
        let graph = try Network(#require(MobileNetV4(name: name, classCount: 10)), weights: .madeUp).graph(batch: 1, height: 64, width: 96)
        for stage in 1...5 {
            let map = try Shape(n: 1, h: 64 >> stage, w: 96 >> stage, c: channels[stage - 1])
            #expect(graph.endpoints.first { $0.name == "stage\(stage)" }?.value.shape == map)
        }
    }

    /// MACs of the published table (MODELS.md 2.1), in millions; a multiply-add counts as two operations. Depthwise and pointwise layers only.
    @Test(arguments: [
        ("mobilenetv4_conv_small", 224, 186), ("mobilenetv4_conv_small", 256, 242), ("mobilenetv4_conv_medium", 256, 1080),
        ("mobilenetv4_conv_large", 384, 6376),
        ("mobilenetv4_hybrid_medium", 256, 1271), ("mobilenetv4_hybrid_large", 384, 7712), ("mobilenetv4_conv_small_050", 224, 65),
        ("mobilenetv4_conv_small_035", 224, 48),
    ])
    func multiplyAdds(_ name: String, side: Int, millions: Int) throws {
        let network = try Network(#require(MobileNetV4(name: name, classCount: 1000)), weights: .madeUp)
        let graph = try network.graph(batch: 1, height: side, width: side)
        let flops = graph.nodes.filter { ["Conv2D", "DepthwiseConv2D", "Linear", "Attention"].contains($0.op.name) }.reduce(0) { $0 + $1.cost.flops }
        #expect((flops / 2 + 500_000) / 1_000_000 == millions)
    }

    @Test(arguments: [(0, 224, 1), (224, -1, 1), (8193, 224, 1), (224, 224, 0), (224, 224, 1025), (Int.max, Int.max, Int.max)])
    func refusesInputsOutOfRange(_ height: Int, width: Int, batch: Int) throws {
        let network = try Network(#require(MobileNetV4(name: "mobilenetv4_conv_small", classCount: 10)), weights: .madeUp)
        #expect(message { _ = try network.graph(batch: batch, height: height, width: width) }?.hasPrefix("mobilenetv4_conv_small: a") == true)
    }

    @Test func theLargestInputIsAShapeError() throws {
        let network = try Network(#require(MobileNetV4(name: "mobilenetv4_conv_large", classCount: 10)), weights: .madeUp)
        _ = try network.graph(batch: 1, height: 8192, width: 8192)
        #expect(message { _ = try network.graph(batch: 1024, height: 8192, width: 8192) }?.contains("is too large") == true)
    }
}

import OpsinGraph
import OpsinModels
import Testing

@Suite struct MobileNetV2Tests {
    /// MODELS.md 3.1, to the digits published there; 1.0 is torchvision's 3,504,872. The deeper ones: timm's results table.
    @Test(arguments: [("035", 1677), ("050", 1969), ("075", 2636), ("100", 3505), ("140", 6109)])
    func parameterCount(_ width: String, thousands: Int) throws {
        let timm = try Network(#require(MobileNetV2(name: "mobilenetv2_\(width)", classCount: 1000)), weights: .madeUp)
        #expect((timm.parameterCount + 500) / 1000 == thousands)
        var options = MobileNetV2TF.Options()
        options.depthMultiplier = try #require(Double(width)) / 100
        #expect(try Network(MobileNetV2TF(options: options, classCount: 1000), weights: .madeUp).parameterCount == timm.parameterCount)
    }

    @Test func parameterCountOfWidthOne() throws {
        #expect(try Network(#require(MobileNetV2(name: "mobilenetv2_100", classCount: 1000)), weights: .madeUp).parameterCount == 3_504_872)
        #expect(try Network(MobileNetV2TF(options: .init(), classCount: 1001), weights: .madeUp).parameterCount == 3_504_872 + 1281)
    }

    @Test(arguments: [("110d", 452), ("120d", 583)])
    func parameterCountOfDeeperVariants(_ name: String, tenThousands: Int) throws {
        let network = try Network(#require(MobileNetV2(name: "mobilenetv2_\(name)", classCount: 1000)), weights: .madeUp)
        #expect((network.parameterCount + 5000) / 10_000 == tenThousands)
    }

    @Test(arguments: ["mobilenetv2", "mobilenetv2_", "mobilenetv2_1", "mobilenetv2_1000", "mobilenetv2_000", "mobilenetv2_-10", "mobilenetv2_१००"])
    func refusesOtherNames(_ name: String) { #expect(MobileNetV2(name: name, classCount: 1000) == nil) }

    @Test(arguments: [(1, 1), (32, 32), (224, 224), (225, 311), (96, 640)], [0.35, 1, 1.4])
    func buildsAtEverySize(_ size: (Int, Int), width: Double) throws {
        let timm = try Network(
            #require(MobileNetV2(name: width == 0.35 ? "mobilenetv2_035" : width == 1 ? "mobilenetv2_100" : "mobilenetv2_140", classCount: 10)),
            weights: .madeUp)
        var options = MobileNetV2TF.Options()
        options.depthMultiplier = width
        let tf = try Network(MobileNetV2TF(options: options, classCount: 10), weights: .madeUp)
        for network in [timm, tf] {
            let graph = try network.graph(batch: 2, height: size.0, width: size.1)
            #expect(graph.outputs[0].value.shape == (try Shape(n: 2, h: 1, w: 1, c: 10)))
            // Both paddings halve upwards five times.
            let last = try #require(graph.endpoints.dropLast().last?.value.shape)
            #expect(last.h == (size.0 + 31) / 32 && last.w == (size.1 + 31) / 32)
        }
    }

    /// DeepLabV3's backbones: a stride that is not taken dilates from the next block on.
    @Test(arguments: [(32, 17, [1, 1, 1, 1]), (16, 33, [1, 1, 2, 2]), (8, 65, [1, 2, 4, 4])])
    func outputStride(_ stride: Int, side: Int, dilations: [Int]) throws {
        var options = MobileNetV2TF.Options()
        options.outputStride = stride
        let graph = try Network(MobileNetV2TF(options: options, classCount: 10), weights: .madeUp).graph(batch: 1, height: 513, width: 513)
        #expect(graph.endpoints.first { $0.name == "mobilenet_v2.layer.15" }?.value.shape == (try Shape(n: 1, h: side, w: side, c: 320)))
        var found: [Int] = []
        for layer in [5, 6, 13, 15] {
            guard case .depthwiseConv2D(let op)? = graph.nodes.first(where: { $0.name == "mobilenet_v2.layer.\(layer).conv_3x3.convolution" })?.op else {
                continue
            }
            found.append(op.window.dilationY)
        }
        // Layers 5 and 12 have stride 2 in the paper; 6 follows the one, 13 and 15 the other.
        #expect(found == dilations)
    }

    @Test func tensorFlowPadsBelowAndRightOfEvenInputs() throws {
        func padding(_ tf: Bool, _ side: Int) throws -> Padding? {
            var options = MobileNetV2TF.Options()
            options.tfPadding = tf
            let graph = try Network(MobileNetV2TF(options: options, classCount: 10), weights: .madeUp).graph(batch: 1, height: side, width: side)
            guard case .conv2D(let op)? = graph.nodes.first?.op else { return nil }
            return op.window.padding
        }
        #expect(try padding(true, 224) == Padding(top: 0, left: 0, bottom: 1, right: 1))
        #expect(try padding(true, 225) == Padding(top: 1, left: 1, bottom: 1, right: 1))
        #expect(try padding(false, 224) == Padding(top: 1, left: 1, bottom: 1, right: 1))
    }

    @Test func optionsOfTheStemAndTheHead() throws {
        var options = MobileNetV2TF.Options()
        options.firstLayerIsExpansion = false
        options.depthMultiplier = 0.5
        options.finegrainedOutput = false
        let graph = try Network(MobileNetV2TF(options: options, classCount: 10), weights: .madeUp).graph(batch: 1, height: 64, width: 64)
        #expect(graph.nodes.contains { $0.name == "mobilenet_v2.conv_stem.expand_1x1.convolution" })
        #expect(graph.endpoints.last?.value.shape.c == 640)
    }
}

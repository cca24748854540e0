import OpsinGraph
import OpsinModels
import Testing

/// The arena of activations of every architecture against the largest set of activations that live at one time, below which no arena can be.
@Suite struct ArenaTests {
    @Test(arguments: MobileNetV4.names.sorted())
    func mobileNetV4StaysNearTheLargestLiveSet(_ name: String) throws {
        let architecture = try #require(MobileNetV4(name: name, classCount: 1000, inputSize: nil))
        try check(architecture)
    }

    @Test(arguments: ["mobilenetv2_050", "mobilenetv2_100", "mobilenetv2_140"])
    func mobileNetV2StaysNearTheLargestLiveSet(_ name: String) throws {
        let architecture = try #require(MobileNetV2(name: name, classCount: 1000, inputSize: nil))
        try check(architecture)
    }

    private func check(_ architecture: any Architecture) throws {
        let network = try Network(architecture, weights: .madeUp)
        for (height, width) in [(224, 224), (256, 320), (97, 131)] {
            for graph in [try network.graph(batch: 1, height: height, width: width), try network.graph(batch: 3, height: height, width: width).optimized()] {
                let memory = ActivationMemory(graph)
                #expect(memory.peakLiveBytes > 0)
                let limit = memory.peakLiveBytes + memory.peakLiveBytes / 10
                #expect(memory.arenaBytes <= limit, "\(architecture.name) at \(height)x\(width): \(memory.arenaBytes) bytes for \(memory.peakLiveBytes)")
            }
        }
    }
}

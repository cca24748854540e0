import OpsinCPU
import OpsinGraph
import OpsinModels
import OpsinVulkan
import OracleSupport
import Testing

/// How many dispatches a GPU runs of whole networks: at batch 1 each costs about what its arithmetic does. Planned by a GPU's traits.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct DispatchCountTests {
    /// `(network, side of the input, most dispatches)`; an inverted bottleneck is two at most, with a depthwise layer before it as well as within.
    @Test(arguments: Storage.allCases, [("mobilenetv4_conv_small", 224, 32), ("mobilenetv4_conv_medium", 256, 50)])
    func mobileNetV4(_ storage: Storage, _ s: (String, Int, Int)) throws {
        let (name, side, most) = s
        let here = try OpsOnVulkanTests.device.get()
        guard storage == .f32 || here.features.fp16 else { return }
        let network = try Network(#require(MobileNetV4(name: name, classCount: 1000)), weights: .madeUp)
        let graph = try network.graph(batch: 1, height: side, width: side).optimized()
        let steps = try VulkanPlan.dispatches(of: graph, on: VulkanHere.gpu(), storage: storage)
        #expect(steps.count <= most, "\(name) \(storage): \(steps.count) dispatches: \(steps.map { "\($0.node) \($0.kernel)" })")
        // No second dispatch adds up what a split depth left.
        #expect(steps.count > 20 && steps.allSatisfy { !$0.kernel.hasPrefix("conv2d_reduce") })
        #expect(Set(steps.map(\.node)).count == steps.count)
    }

    /// An attention is three dispatches: queries, keys and values behind their norm, attention, output.
    @Test(arguments: Storage.allCases) func moat(_ storage: Storage) throws {
        let here = try OpsOnVulkanTests.device.get()
        guard storage == .f32 || here.features.fp16 else { return }
        let oracle = try OracleCase("tiny_moat_0"), shape = try oracle.input().shape
        let graph = try oracle.network().graph(batch: 1, height: shape.h, width: shape.w).optimized()
        let steps = try VulkanPlan.dispatches(of: graph, on: VulkanHere.gpu(), storage: storage)
        #expect(steps.count <= 68, "\(storage): \(steps.count) dispatches: \(steps.map { "\($0.node) \($0.kernel)" })")
        #expect(steps.count(where: { $0.node.hasPrefix("moat/block_02_01/") }) == 5)
        #expect(steps.count(where: { $0.kernel.hasPrefix("projections") }) == 9)
    }

    /// Norm, three layers and attention against the CPU: a mean that is large beside the deviation, layers that are no whole tile, split depths, images.
    @Test(arguments: [(1, 5, 4, 36, 300), (2, 8, 8, 128, 300), (3, 6, 5, 64, 1)])
    func projections(_ s: (Int, Int, Int, Int, Int)) throws {
        let (images, height, width, channels, workgroups) = s, ops = OpsOnVulkanTests()
        var graph = Graph()
        let shape = try Shape(n: images, h: height, w: width, c: channels), x = graph.input("x", shape: shape)
        let norm = try LayerNorm(weight: ops.numbers(channels, seed: 3), bias: ops.numbers(channels, seed: 4), epsilon: 1e-5)
        let normed = try graph.append(.layerNorm(norm), [x], name: "norm")
        func layer(_ input: Value, _ seed: Int) throws -> Value {
            let filter = try ops.filter([channels, channels], bias: channels, seed: seed)
            return try graph.append(.linear(Linear(inputFeatures: channels, outputFeatures: channels, filter: filter)), [input], name: "\(seed)")
        }
        let q = try layer(normed, 11), k = try layer(normed, 12), v = try layer(normed, 13)
        let y = try graph.append(.attention(Attention(heads: 1, keyValueHeads: 1, scale: 0.05)), [q, k, v], name: "attention")
        graph.output("y", y, layout: .nhwc)
        let device = try VulkanHere.gpu { $0.workgroups = workgroups }, input = ops.numbers(shape.count, seed: 1).map { $0 + 30 }
        let want = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()).run([input])[0]
        let plan = try VulkanPlan(graph, on: device), got = try plan.run([input])[0]
        #expect(plan.dispatchCount == 2 && plan.reports[0].kernel.hasPrefix("projections"))
        #expect(plan.reports[0].cost.flops > 6 * shape.count * channels)
        let largest = want.map(abs).max() ?? 0
        #expect(largest > 0 && zip(got, want).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
        // A second run finds the counters as the first one did.
        #expect(try plan.run([input])[0] == got)
    }
}

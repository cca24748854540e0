import Opsin
import OpsinGraph
import OpsinVulkan
import Testing

/// Weights on the device are there once, for as long as a plan uses them.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct DeviceWeightsTests {
    func graph(batch: Int) throws -> Graph {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: batch, h: 8, w: 8, c: 16))
        let values = (0..<48 * 16).map { (index: Int) -> Float in Float(index % 13) - 6 }
        let constant = try #require(Constant(name: "w", dimensions: [48, 16], values: values))
        let linear = try Linear(inputFeatures: 16, outputFeatures: 48, filter: Filter(constant, bias: [Float](repeating: 0.5, count: 48)))
        graph.output("y", try graph.append(.linear(linear), [x], name: "linear"), layout: .nhwc)
        return graph
    }

    @Test func plansShareThem() throws {
        let device = try VulkanHere.device(), weights = DeviceWeights(device)
        var one: VulkanPlan? = try VulkanPlan(graph(batch: 1), on: device, weights: weights)
        let (bytes, count) = (weights.byteCount, weights.count)
        #expect(bytes >= 48 * 17 * 4 && count == 2)
        var two: VulkanPlan? = try VulkanPlan(graph(batch: 2), on: device, weights: weights)
        #expect(weights.byteCount == bytes && weights.count == count)
        let input = (0..<8 * 8 * 16).map { Float($0 % 7) }
        let expected = try #require(one).run([input])[0]
        #expect(try #require(two).run([input + input])[0] == expected + expected)
        // fp16 has weights of its own and the same biases.
        if device.features.fp16 {
            let narrow = try VulkanPlan(graph(batch: 1), on: device, storage: .f16, weights: weights)
            #expect(weights.count == count + 1 && narrow.weightBytes < bytes)
        }
        #expect(weights.count == count)
        one = nil
        #expect(weights.count == count)
        two = nil
        #expect(weights.count == 0 && weights.byteCount == 0)
    }

    /// Two sessions of a model: the second plan adds its arena and nothing else, and a report counts the weights once.
    @Test func sessionsShareThem() throws {
        var vulkan = Runtime.Vulkan(), options = Runtime.Options()
        vulkan.options = DeviceOptions()
        vulkan.options.timeoutMilliseconds = 120_000
        options.device = .vulkan
        let model = try Model(Runtime(options, vulkan: vulkan), path: MixedPlanTests.model)
        let input = try Tensor(name: "pixel_values", dimensions: [1, 3, 32, 32], values: (0..<3072).map { Float($0 % 29) / 14 - 1 })
        let first = try Session(model), second = try Session(model)
        let (expected, _, report) = try first.run(tensors: [input])
        let packed = model.packedBytes
        // 3.5 million parameters in fp32.
        #expect(packed > 13 << 20 && report.memoryBytes == packed + first.planBytes)
        let (found, _, again) = try second.run(tensors: [input])
        #expect(found == expected && model.packedBytes == packed && again.memoryBytes == report.memoryBytes)
        first.dropIdlePlans()
        #expect(model.packedBytes == packed)
        second.dropIdlePlans()
        #expect(model.packedBytes == 0)
    }
}

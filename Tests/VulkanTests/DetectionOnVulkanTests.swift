import OpsinGraph
import OpsinModels
import OpsinVulkan
import OracleSupport
import Testing

/// The detectors' ops on the device against the CPU backend.
extension OpsOnVulkanTests {
    /// `(images, queries, heads, size, references)` on three levels of odd sides with 4, 2 and 3 points: heads in quads and not, points and boxes, one a level.
    @Test(arguments: [(2, 7, 3, 5, 2), (1, 13, 8, 32, 4), (2, 9, 2, 17, 12), (1, 30, 8, 8, 6)])
    func deformableAttention(_ images: Int, _ queries: Int, _ heads: Int, _ size: Int, _ references: Int) throws {
        let op = try MultiScaleDeformableAttention(
            heads: heads, levels: [.init(height: 9, width: 13, points: 4), .init(height: 3, width: 1, points: 2), .init(height: 2, width: 5, points: 3)])
        for referenceImages in Set([1, images]) {
            try agree(
                .multiScaleDeformableAttention(op),
                [
                    Shape(n: images, h: 1, w: 130, c: heads * size), Shape(n: images, h: 1, w: queries, c: heads * 18),
                    Shape(n: images, h: 1, w: queries, c: heads * 9), Shape(n: referenceImages, h: 1, w: queries, c: references),
                ])
        }
    }

    @Test func boxRefinementAndSines() throws {
        for (size, images) in [(4, 1), (2, 2)] {
            try agree(.boxRefinement(BoxRefinement()), [Shape(n: 2, h: 1, w: 70, c: 4), Shape(n: images, h: 1, w: 70, c: size)], scale: 0.5)
        }
        try agree(.sineEmbedding(SineEmbedding(features: 128)), [Shape(n: 2, h: 1, w: 7, c: 4)], scale: 0.5)
    }

    /// All different scores, and scores with many ties; more than a workgroup has threads.
    @Test(arguments: [(1, 1), (300, 300), (1000, 37), (5000, 300)])
    func topKGather(_ tokens: Int, _ count: Int) throws {
        for (score, images) in [(TopKGather.Score.best, 1), (.class(2), 2)] {
            let shapes = [try Shape(n: 2, h: 1, w: tokens, c: 3), try Shape(n: images, h: 1, w: tokens, c: 5)]
            try agree(.topKGather(TopKGather(count: count, score: score)), shapes)
            // fp16 has at most 1024 different numbers in 1...2.
            try agree(.topKGather(TopKGather(count: count, score: score)), shapes, scale: 0x1p-14)
        }
    }
}

extension OracleOnVulkanTests {
    /// Small Deformable DETRs: transformers' own ResNet with refined boxes, and a dilated last stage on one level. References, boxes and their sines stay in
    /// fp32 whatever the storage.
    @Test(arguments: ["deformable_detr_hf_resnet", "deformable_detr_dc5"])
    func deformableDETR(_ name: String) throws {
        let exact = try outputDifferences(name, .f32, by: OracleCase.distance)
        #expect(exact.count == 2 && exact.values.allSatisfy { $0 <= 1e-4 }, "\(name): \(exact)")
        let rounded = try outputDifferences(name, .f16, by: deviation)
        #expect(rounded.count == 2 && rounded.values.allSatisfy { $0 <= 0.05 && $0 > 1e-6 }, "\(name) fp16: \(rounded)")
    }

    /// The distance of each output from the reference's, which lies row by row as ours does.
    private func outputDifferences(_ name: String, _ storage: Storage, by distance: ([Float], [Float]) -> Double) throws -> [String: Double] {
        let oracle = try OracleCase(name), expected = try oracle.expected(), (input, shape) = try oracle.input()
        let graph = try oracle.network().graph(batch: 1, height: shape.h, width: shape.w).optimized()
        var options = DeviceOptions()
        options.timeoutMilliseconds = 120_000
        let plan = try VulkanPlan(graph, on: VulkanHere.device(options), storage: storage)
        var found: [String: Double] = [:]
        for (port, values) in zip(plan.outputs, try plan.run([input])) { found[port.name] = distance(values, expected[port.name]?.values ?? []) }
        return found
    }
}

import OpsinGraph
import OpsinModels
import OpsinVulkan
import OracleSupport
import Testing

/// The detector that ships, on the device: the reference's values in fp32, the same objects in fp16.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct DEIMv2OnVulkanTests {
    /// `logits` and `pred_boxes` for the case's photo.
    func run(_ storage: Storage) throws -> (found: [String: [Float]], expected: [String: OracleTensor]) {
        let oracle = try OracleCase("deimv2_atto_f16")
        let (input, shape) = try oracle.input()
        let graph = try oracle.sharedModel().network().graph(batch: 1, height: shape.h, width: shape.w).optimized()
        var options = DeviceOptions()
        options.timeoutMilliseconds = 120_000
        let plan = try VulkanPlan(graph, on: VulkanHere.device(options), storage: storage)
        var found: [String: [Float]] = [:]
        for (port, values) in zip(plan.outputs, try plan.run([input])) { found[port.name] = values }
        return (found, try oracle.expected())
    }

    /// Tolerance of the oracle's case.
    @Test func fp32GivesTheReferencesValues() throws {
        let (found, expected) = try run(.f32)
        for name in ["logits", "pred_boxes"] {
            let values = try #require(found[name]), want = try #require(expected[name]).values
            #expect(values.count == want.count)
            let worst = zip(values, want).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst <= 1e-3, "\(name) is off by \(worst)")
        }
    }

    /// Queries may change places, so what is surely seen (a score above 0.5) is looked for wherever it is: the same class, a score within 0.05, a box within
    /// 2 % of the photo.
    @Test func fp16SeesTheSameObjects() throws {
        let (found, expected) = try run(.f16)
        let logits = try #require(found["logits"]), boxes = try #require(found["pred_boxes"])
        let wanted = try #require(expected["logits"]).values, places = try #require(expected["pred_boxes"]).values
        #expect(logits.allSatisfy(\.isFinite) && boxes.allSatisfy(\.isFinite))
        let sure = wanted.indices.filter { wanted[$0] > 0 }
        #expect(!sure.isEmpty)
        for index in sure {
            let (query, label) = (index / 80, index % 80)
            let isThere = (0..<100).contains { other in
                abs(logits[other * 80 + label] - wanted[index]) < 0.2
                    && (0..<4).allSatisfy { abs(boxes[other * 4 + $0] - places[query * 4 + $0]) < 0.02 }
            }
            #expect(isThere, "class \(label), logit \(wanted[index])")
        }
    }
}

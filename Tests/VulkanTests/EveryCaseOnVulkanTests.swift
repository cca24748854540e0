import Glibc
import OpsinGraph
import OpsinModels
import OpsinVulkan
import OracleSupport
import Testing

/// The oracle's cases that no other suite runs on the device, and the proof that each case of the repository runs there.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct EveryCaseOnVulkanTests {
    /// A minute each on two cores: `make validate` (of `make check`) runs them, `make test` does not.
    static let isLong = unsafe getenv("OPSIN_LONG_TESTS") != nil
    static let whyNot: Comment = "takes a minute: make validate runs it (OPSIN_LONG_TESTS=1)"

    /// Case to suite. A case without a row fails the test below.
    static let suites = [
        "mobilenetv4_conv_small": "OracleOnVulkan", "mobilenetv4_hybrid_medium": "OracleOnVulkan", "mobilenetv2_100": "OracleOnVulkan",
        "mobilenet_v2_hf": "OracleOnVulkan", "tiny_moat_0": "OracleOnVulkan", "tiny_moat_0_window": "OracleOnVulkan",
        "deeplabv3_mobilenet_v2_os16": "OracleOnVulkan", "deeplabv3_mobilenet_v2_os8": "OracleOnVulkan", "lraspp_mobilenet_v3_large": "OracleOnVulkan",
        "lraspp_mobilenetv4_conv_small": "OracleOnVulkan", "lraspp_tiny_moat_0": "OracleOnVulkan", "depth_anything_tiny": "OracleOnVulkan",
        "deformable_detr_hf_resnet": "OracleOnVulkan", "deformable_detr_dc5": "OracleOnVulkan", "tcmonodepth_small": "TCMonoDepthOnVulkan",
        "deimv2_atto_f16": "DEIMv2OnVulkan", "deformable_detr": "EveryCaseOnVulkan", "deformable_detr_two_stage": "EveryCaseOnVulkan",
        "deimv2_tiny_hybrid": "EveryCaseOnVulkan", "deimv2_tiny_lite": "EveryCaseOnVulkan",
    ]

    @Test func everyCaseOfTheRepositoryRuns() throws {
        var names: Set<String> = []
        if let folder = unsafe opendir(File.join(OracleCase.resources, "cases")) {
            defer { unsafe _ = closedir(folder) }
            while let entry = unsafe readdir(folder) {
                unsafe names.insert(withUnsafeBytes(of: entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
            }
        }
        #expect(names.filter { !$0.hasPrefix(".") } == Set(Self.suites.keys))
    }

    /// The outputs of a case by name, in the reference's layout, and what is expected of them.
    private func run(_ oracle: OracleCase, _ storage: Storage) throws -> (found: [String: [Float]], expected: [String: OracleTensor]) {
        let expected = try oracle.expected()
        let folder = try oracle.description["model"] == nil ? nil : oracle.sharedModel()
        let network = try folder?.network() ?? oracle.network()
        let input: [Float], shape: Shape
        if let pixels = expected["pixel_values"] {
            shape = try Shape(n: 1, h: pixels.dimensions[2], w: pixels.dimensions[3], c: 3)
            let plane = shape.h * shape.w
            input = (0..<3 * plane).map { pixels.values[$0 % 3 * plane + $0 / 3] }
        } else {
            (input, shape) = try oracle.input()
        }
        let graph = try network.graph(batch: 1, height: shape.h, width: shape.w).optimized()
        var options = DeviceOptions()
        options.timeoutMilliseconds = 120_000
        let plan = try VulkanPlan(graph, on: VulkanHere.device(options), storage: storage)
        var found: [String: [Float]] = [:]
        for (port, values) in zip(plan.outputs, try plan.run([input])) {
            let s = port.value.shape, pixels = s.h * s.w
            found[port.name] = port.layout == .nchw ? values.indices.map { values[$0 % pixels * s.c + $0 / pixels] } : values
        }
        return (found, expected)
    }

    private func deviation(_ found: [Float], _ expected: [Float]) -> Double { OracleOnVulkanTests().deviation(found, expected) }

    /// Object queries: where the reference has them, or anywhere (`moved`, a top-k whose scores lie closer than rounding). Returns those that are nowhere.
    private func strangers(_ found: [String: [Float]], _ expected: [String: OracleTensor], moved: Bool, _ box: Float, _ share: Float) throws -> Int {
        let (logits, boxes) = (try #require(expected["logits"]), try #require(expected["pred_boxes"]).values), classes = logits.dimensions[2]
        let (foundLogits, foundBoxes) = (try #require(found["logits"]), try #require(found["pred_boxes"])), queries = logits.dimensions[1]
        try #require(foundLogits.count == logits.values.count && foundBoxes.count == boxes.count)
        let largest = logits.values.reduce(0) { max($0, abs($1)) }
        return (0..<queries).count { query in
            !(moved ? Array(0..<queries) : [query]).contains { other in
                (0..<4).allSatisfy { abs(foundBoxes[4 * other + $0] - boxes[4 * query + $0]) <= box }
                    && (0..<classes).allSatisfy { abs(foundLogits[classes * other + $0] - logits.values[classes * query + $0]) <= share * largest }
            }
        }
    }

    /// fp32: every query within the README's tolerance, of two stages wherever it stands. fp16: the README has no row, the reference itself gives NaN; what we
    /// ask for is finite numbers, within 5 % root mean square; of two stages nine of ten queries with a box within 2 % and logits within 10 %.
    @Test(.enabled(if: isLong, whyNot), arguments: ["deformable_detr", "deformable_detr_two_stage"])
    func deformableDETR(_ name: String) throws {
        let oracle = try OracleCase(name), twoStages = name.hasSuffix("two_stage")
        let (exact, expected) = try run(oracle, .f32)
        #expect(try strangers(exact, expected, moved: twoStages, 1e-4, 1e-4) == 0, "\(name)")
        let (rounded, _) = try run(oracle, .f16)
        #expect(rounded.values.allSatisfy { $0.allSatisfy(\.isFinite) })
        if twoStages {
            let lost = try strangers(rounded, expected, moved: true, 0.02, 0.1)
            #expect(lost <= 30, "\(name) fp16: \(lost) of 300 queries are nowhere")
        } else {
            for key in ["logits", "pred_boxes"] {
                let distance = deviation(try #require(rounded[key]), try #require(expected[key]).values)
                #expect(distance <= 0.05 && distance > 1e-6, "\(name) fp16: \(key) is off by \(distance)")
            }
        }
    }

    /// transformers' own way of DEIMv2, with small random weights.
    @Test(arguments: ["deimv2_tiny_hybrid", "deimv2_tiny_lite"])
    func transformersWay(_ name: String) throws {
        let oracle = try OracleCase(name), pixels = try #require(try oracle.expected()["pixel_values"])
        let (height, width) = (pixels.dimensions[2], pixels.dimensions[3]), plane = height * width
        let graph = try oracle.modelFolder().network().graph(batch: 1, height: height, width: width).optimized(), expected = try oracle.expected()
        let input = (0..<3 * plane).map { pixels.values[$0 % 3 * plane + $0 / 3] }
        var options = DeviceOptions()
        options.timeoutMilliseconds = 120_000
        let device = try VulkanHere.device(options)
        for storage in device.features.fp16 ? Storage.allCases : [.f32] {
            let plan = try VulkanPlan(graph, on: device, storage: storage)
            let found = Dictionary(uniqueKeysWithValues: zip(plan.outputs.map(\.name), try plan.run([input])))
            if storage == .f32 {
                for key in ["logits", "pred_boxes"] {
                    let worst = OracleCase.distance(try #require(found[key]), try #require(expected[key]).values)
                    #expect(worst <= 1e-4, "\(name): \(key) is off by \(worst)")
                }
            } else {
                #expect(found.values.allSatisfy { $0.allSatisfy(\.isFinite) })
                let lost = try strangers(found, expected, moved: true, 0.02, 0.1)
                #expect(lost * 10 <= expected["logits"]?.dimensions[1] ?? 0, "\(name) fp16: \(lost) queries are nowhere")
            }
        }
    }

    /// Cases that are too large for the repository: `(name, fp32, fp16)`, of DETR's the largest share for fp32 alone.
    @Test(
        .enabled(if: isLong, whyNot),
        .enabled(if: OracleCase.sharedOracle != nil, "no shared/oracle beside the checkout: these cases are too large to carry"),
        arguments: [("moat_0", 1e-4, 0.0028), ("depth_anything_v2_small", 1e-4, 0.005), ("deformable_detr_single_scale", 1e-4, 0.05)])
    func largeCases(_ name: String, _ exact: Double, _ rounded: Double) throws {
        let shared = try #require(OracleCase.sharedOracle), oracle = try OracleCase(folder: File.join(shared, "cases/\(name)"), name: name)
        for storage in [Storage.f32, .f16] {
            let (found, expected) = try run(oracle, storage)
            for (key, values) in found {
                guard let want = expected[key] ?? expected["sample." + key] else { continue }
                let got = expected[key] == nil || want.dimensions == [4096] ? OracleCase.sample(values) : values
                let distance = storage == .f32 ? OracleCase.distance(got, want.values) : deviation(got, want.values)
                #expect(distance <= (storage == .f32 ? exact : rounded), "\(name) \(storage): \(key) is off by \(distance)")
            }
        }
    }
}

import Opsin
import OpsinGraph
import OpsinVulkan
import Testing

/// Ops that the device is told not to run: the CPU runs them between parts on the device, and the report says which and why.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct MixedPlanTests {
    static let model: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/Models/mobilenet_v2_1.0_224"
    }()

    func session(
        _ edit: (inout DeviceOptions) -> Void = { _ in }, precision: Precision = .default, allowsCPUFallback: Bool = true, measures: Bool = false
    ) throws -> Session {
        var vulkan = Runtime.Vulkan(), options = Runtime.Options(), sessionOptions = Session.Options()
        vulkan.options = DeviceOptions()
        vulkan.options.timeoutMilliseconds = 120_000
        edit(&vulkan.options)
        (options.device, options.allowsCPUFallback) = (.vulkan, allowsCPUFallback)
        (sessionOptions.precision, sessionOptions.measuresOps) = (precision, measures)
        return try Session(Model(Runtime(options, vulkan: vulkan), path: Self.model), sessionOptions)
    }

    func logits(_ session: Session) throws -> ([Float], Report) {
        let values = (0..<3072).map { (index: Int) -> Float in Float(index % 29) / 14 - 1 }
        let (outputs, _, report) = try session.run(tensors: [Tensor(name: "pixel_values", dimensions: [1, 3, 32, 32], values: values)])
        return (try #require(outputs.first { $0.name == "logits" }?.values), report)
    }

    func distance(_ a: [Float], _ b: [Float]) -> Float {
        let largest = b.map { abs($0) }.max() ?? 0
        return (zip(a, b).map { (x: Float, y: Float) -> Float in abs(x - y) }.max() ?? .infinity) / largest
    }

    @Test(arguments: [("GlobalAveragePool", 1), ("DepthwiseConv2D", 17), ("Linear", 1)])
    func aRefusedOpRunsOnTheCPU(_ op: String, _ count: Int) throws {
        let (expected, plain) = try logits(session())
        #expect(plain.fallbacks.isEmpty)
        let mixed = try session({ $0.refused = [op] }, measures: true)
        let (found, report) = try logits(mixed)
        #expect(found.count == expected.count && distance(found, expected) < 1e-4)
        #expect(report.device.kind == .vulkan && report.dispatches == plain.dispatches - count)
        #expect(report.fallbacks.count == count)
        for fallback in report.fallbacks {
            #expect(fallback.what.hasPrefix("op \(op) (") && fallback.reason == "\(op) is switched off on Vulkan devices")
        }
        // Every op is timed, here and there.
        let measured = try #require(mixed.measuredOps())
        #expect(measured.ops.count { $0.op == op } == count && measured.ops.allSatisfy { $0.milliseconds > 0 })
    }

    @Test func aPlanOfFP16ConvertsBetweenItsParts() throws {
        let (expected, _) = try logits(session(precision: .fp16))
        let (found, report) = try logits(session({ $0.refused = ["GlobalAveragePool"] }, precision: .fp16))
        #expect(distance(found, expected) < 2e-2 && report.precision == .fp16 && report.fallbacks.count == 1)
    }

    @Test func aBufferBeyondTheLimitIsTheCPUs() throws {
        let (expected, _) = try logits(session())
        // The weights of the classifier, 1280 x 1001 fp32, are the largest.
        let (found, report) = try logits(session { $0.maximumStorageRange = 4 << 20 })
        #expect(distance(found, expected) < 1e-4)
        #expect(report.fallbacks.count == 1 && report.device.kind == .vulkan)
        #expect(report.fallbacks.first?.reason.contains("bytes, ") == true && report.fallbacks.first?.reason.contains("binds at most 4194304") == true)
        // Nothing fits: the CPU is the device that ran.
        let (alone, none) = try logits(session { $0.maximumStorageRange = 16 })
        #expect(distance(alone, expected) < 1e-4 && none.device.kind == .cpu && none.dispatches == 0 && none.fallbacks.count > 50)
    }

    @Test func whereTheCPUIsForbiddenItIsAnError() throws {
        let session = try session({ $0.refused = ["Linear"] }, allowsCPUFallback: false)
        #expect { try logits(session) } throws: {
            let error = $0 as? OpsinError, reason = "op Linear (classifier): Linear is switched off on Vulkan devices, and falling back"
            return error?.code == .device && error?.description.contains(reason) == true
        }
    }

    @Test func partsOfAGraph() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 2, w: 2, c: 4))
        let a = try graph.append(.activation(Activation(.relu)), [x], name: "a")
        let b = try graph.append(.activation(Activation(.tanh)), [a], name: "b")
        let c = try graph.append(.add(Add()), [a, b], name: "c")
        graph.output("b", b, layout: .nhwc)
        graph.output("c", c, layout: .nhwc)
        let first = graph.part(0..<1), middle = graph.part(1..<2), last = graph.part(2..<3)
        #expect(first.inputs.map(\.value) == [x] && first.outputs.map(\.value) == [a])
        #expect(middle.inputs.map(\.value) == [a] && middle.outputs.map(\.name) == ["b"])
        #expect(last.inputs.map(\.value) == [a, b] && last.outputs.map(\.name) == ["c"])
    }

    /// What the environment says reaches the plan.
    @Test func theEnvironmentRefusesOps() {
        let options = DeviceOptions { $0 == "OPSIN_VK_DISABLE" ? "fp16, op:Linear,op:" : nil }
        #expect(options.refused == ["Linear"] && options.disabled == [.fp16] && options.unknown == ["op:"])
    }
}

import CVulkan
import OpsinCPU
import OpsinGraph
import OpsinVulkan
import Synchronization
import Testing

/// A device with smaller limits than the machine's, through the table of entry points.
private enum Small {
    @safe struct State: @unchecked Sendable {
        var real: VulkanFunctions?
        var edit: (@Sendable (inout VkPhysicalDeviceLimits) -> Void)?
    }

    static let state = Mutex(State())

    static func device(_ options: DeviceOptions, _ edit: @escaping @Sendable (inout VkPhysicalDeviceLimits) -> Void) throws -> Device {
        try VulkanHere.device(options) { functions in
            let real = functions
            state.withLock { $0 = State(real: real, edit: edit) }
            unsafe functions.getPhysicalDeviceProperties2 = { device, all in
                let (real, edit) = Small.state.withLock { ($0.real, $0.edit) }
                unsafe real?.getPhysicalDeviceProperties2(device, all)
                if let all = unsafe all { unsafe edit?(&all.pointee.properties.limits) }
            }
        }
    }
}

/// Ops are judged as they run: fused where the device can, single where it cannot, fused all the same where only that it can.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct JudgedFusionTests {
    private func options(_ edit: (inout DeviceOptions) -> Void = { _ in }) -> DeviceOptions {
        var options = DeviceOptions()
        options.timeoutMilliseconds = 120_000
        edit(&options)
        return options
    }

    private func filter(_ dimensions: [Int], seed: Int) throws -> Filter {
        let values = OpsOnVulkanTests().numbers(dimensions.reduce(1, *), seed: seed).map { $0 * 0.3 }
        return try Filter(#require(Constant(name: "w\(seed)", dimensions: dimensions, values: values)))
    }

    /// Squeeze-and-excitation over `channels`, with the gate in the convolution behind it.
    private func squeezeAndExcitation(_ channels: Int, side: Int = 5) throws -> Graph {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: side, w: side, c: channels)), squeezed = max(1, channels / 4)
        func conv(_ inputs: Int, _ outputs: Int, _ seed: Int, _ function: ActivationFunction) throws -> Op {
            .conv2D(
                try Conv2D(
                    window: SlidingWindow(1), inputChannels: inputs, outputChannels: outputs, filter: filter([outputs, inputs, 1, 1], seed: seed),
                    epilogue: Epilogue(activation: function)))
        }
        let mean = try graph.append(.globalAveragePool(GlobalAveragePool()), [x], name: "pool")
        let middle = try graph.append(conv(channels, squeezed, 1, .relu), [mean], name: "reduce")
        let gate = try graph.append(conv(squeezed, channels, 2, .sigmoid), [middle], name: "expand")
        let product = try graph.append(.multiply(Multiply()), [x, gate], name: "gate")
        graph.output("y", try graph.append(conv(channels, 8, 3, .identity), [product], name: "project"), layout: .nhwc)
        return graph
    }

    /// A depthwise convolution and the pointwise one behind it.
    private func depthwisePointwise(side: Int, channels: Int, outputs: Int) throws -> Graph {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: side, w: side, c: channels)), pad = Padding(top: 1, left: 1, bottom: 1, right: 1)
        let depthwise = try DepthwiseConv2D(
            window: SlidingWindow(3, stride: 1, dilation: 1, padding: pad), channels: channels, filter: filter([channels, 1, 3, 3], seed: 4))
        let y = try graph.append(.depthwiseConv2D(depthwise), [x], name: "depthwise")
        let pointwise = try Conv2D(
            window: SlidingWindow(1), inputChannels: channels, outputChannels: outputs, filter: filter([outputs, channels, 1, 1], seed: 5))
        graph.output("y", try graph.append(.conv2D(pointwise), [y], name: "pointwise"), layout: .nhwc)
        return graph
    }

    private func expectRightAnswer(_ graph: Graph, on device: Device, _ location: SourceLocation = #_sourceLocation) throws {
        let x = OpsOnVulkanTests().numbers(graph.inputs[0].value.shape.count, seed: 9)
        let want = try CPUPlan(graph, team: CPUTeam(threads: 1), weights: PackedWeights()).run([x])[0]
        let got = try VulkanPlan(graph, on: device).run([x])[0]
        let largest = want.map { abs($0) }.max() ?? 0
        #expect(zip(got, want).allSatisfy { abs($0 - $1) <= 1e-5 * largest }, sourceLocation: location)
    }

    private func kernels(_ graph: Graph, _ device: Device) throws -> [String] { try VulkanPlan(graph, on: device).reports.map(\.op) }

    /// 16 KiB hold what 1024 channels need; 2 KiB, which no conformant device has, do not: then the mean and the layers are dispatches of their own.
    @Test func smallSharedMemoryRunsTheSingleOps() throws {
        let graph = try squeezeAndExcitation(64)
        let whole = try VulkanHere.device(options())
        #expect(try kernels(graph, whole) == ["SqueezeExcitation", "Conv2D"])
        let small = try Small.device(options()) { $0.maxComputeSharedMemorySize = 1024 }
        let judged = try VulkanPlan.judged(graph, on: small, storage: .f32)
        #expect(judged.refusals.isEmpty)
        #expect(judged.graph.nodes.map(\.op.name) == ["GlobalAveragePool", "Conv2D", "Conv2D", "Conv2D"])
        try expectRightAnswer(graph, on: small)
    }

    /// A shader whose workgroup is larger than the device takes is the CPU's, with both numbers in the reason.
    @Test func fewInvocationsRefuseWhatNeedsMore() throws {
        let graph = try squeezeAndExcitation(64)
        let tiny = try Small.device(options()) { $0.maxComputeWorkGroupInvocations = 32 }
        let judged = try VulkanPlan.judged(graph, on: tiny, storage: .f32)
        #expect(judged.graph.nodes.map(\.op.name) == ["GlobalAveragePool", "Conv2D", "Conv2D", "Multiply", "Conv2D"] || !judged.refusals.isEmpty)
        #expect(judged.refusals.values.contains { $0.contains("runs 64 threads a workgroup, ") && $0.hasSuffix(" 32") })
        // A GPU of the smallest limits that Vulkan allows runs everything.
        let here = try OpsOnVulkanTests.device.get()
        var info = here.info
        info.kind = .discrete
        let traits = KernelTraits(info, here.features)
        let least = try Small.device(options { $0.traits = traits }) { limits in
            (limits.maxComputeWorkGroupInvocations, limits.maxComputeSharedMemorySize, limits.maxStorageBufferRange) = (128, 16_384, 1 << 27)
            limits.maxComputeWorkGroupSize = (128, 128, 64)
        }
        for graph in try [graph, squeezeAndExcitation(512, side: 3), depthwisePointwise(side: 9, channels: 20, outputs: 12)] {
            #expect(try VulkanPlan.judged(graph, on: least, storage: .f32).refusals.isEmpty)
            try expectRightAnswer(graph, on: least)
        }
    }

    @Test func withoutSubgroupsAllOfItRuns() throws {
        let device = try VulkanHere.device(options { $0.disabled = [.subgroups] })
        for graph in try [squeezeAndExcitation(64), depthwisePointwise(side: 9, channels: 20, outputs: 12)] {
            #expect(try VulkanPlan.judged(graph, on: device, storage: .f32).refusals.isEmpty)
            try expectRightAnswer(graph, on: device)
        }
    }

    /// The map between the two convolutions, 24 x 24 x 8 fp32, is beyond the limit, as is nothing else: one op has no such map, whatever pays here.
    @Test func aMapBeyondTheLimitIsAvoidedByFusing() throws {
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 48, w: 48, c: 8)), pad = Padding(top: 12, left: 12, bottom: 12, right: 12)
        let small = try graph.append(.slice(Slice(axis: .h, start: 0, count: 12)), [x], name: "cut")
        let few = try graph.append(.slice(Slice(axis: .w, start: 0, count: 12)), [small], name: "narrow")
        let depthwise = try DepthwiseConv2D(
            window: SlidingWindow(3, stride: 1, dilation: 1, padding: pad), channels: 8, filter: filter([8, 1, 3, 3], seed: 4))
        let y = try graph.append(.depthwiseConv2D(depthwise), [few], name: "depthwise")
        let pointwise = try Conv2D(window: SlidingWindow(1), inputChannels: 8, outputChannels: 1, filter: filter([1, 8, 1, 1], seed: 5))
        graph.output("y", try graph.append(.conv2D(pointwise), [y], name: "pointwise"), layout: .nhwc)
        graph = graph.part(2..<4)
        // Input 4.6 KB, map between 37 KB, output 4.6 KB.
        let device = try VulkanHere.device(options { $0.maximumStorageRange = 8192 })
        let refused = try VulkanPlan.refusals(graph, on: device, storage: .f32)
        #expect(refused.count == 2)
        let judged = try VulkanPlan.judged(graph, on: device, storage: .f32)
        #expect(judged.refusals.isEmpty && judged.graph.nodes.map(\.op.name) == ["DepthwisePointwise"])
        try expectRightAnswer(graph, on: device)
        // Where it is too small for the fused one as well, the single ops are refused, each with its own reason.
        let hopeless = try VulkanPlan.judged(graph, on: VulkanHere.device(options { $0.maximumStorageRange = 1024 }), storage: .f32)
        #expect(hopeless.graph.nodes.map(\.op.name) == ["DepthwiseConv2D", "Conv2D"] && hopeless.refusals.count == 2)
    }

    /// Who switches `GlobalAveragePool` off means the mean in a squeeze-and-excitation too.
    @Test func switchingOffAnOpSwitchesOffItsWorkInOthers() throws {
        let graph = try squeezeAndExcitation(64), device = try VulkanHere.device(options { $0.refused = ["GlobalAveragePool"] })
        let judged = try VulkanPlan.judged(graph, on: device, storage: .f32)
        #expect(judged.refusals.count == 1)
        #expect(judged.refusals.keys.allSatisfy { judged.graph.nodes[$0].op.name == "GlobalAveragePool" })
    }

    @Test func sizesOfWorkgroupsAreKnown() {
        let tiled = Conv2dTiledShader.variants[0]
        #expect(tiled.threads.value([UInt32](repeating: 1, count: tiled.constantCount)) > 0)
        // Windows of 4 x 4, stride and dilation 4, 4 x 4 outputs: 25 x 25 quads of input and 16 of weights, four times.
        let staged = DepthwiseStagedShader.variants[0]
        #expect(staged.sharedBytes.value([UInt32](repeating: 4, count: staged.constantCount)) == (25 * 25 + 16) * 4 * 16)
        for spirv in Shaders.all {
            let constants = [UInt32](repeating: 4, count: spirv.constantCount)
            #expect((1...1024).contains(spirv.threads.value(constants)), "\(spirv.name)")
            #expect(spirv.sharedBytes.value(constants) < 1 << 20, "\(spirv.name)")
        }
        #expect(SizeProgram("c0 16 * 64 +").value([3]) == 112 && SizeProgram("").value([]) == 0 && SizeProgram("c9 1 +").value([]) == .max)
        #expect(SizeProgram("c0 4 < 7 9 ?").value([3]) == 7 && SizeProgram("c0 4 < 7 9 ?").value([5]) == 9 && SizeProgram("1 0 /").value([]) == .max)
    }
}

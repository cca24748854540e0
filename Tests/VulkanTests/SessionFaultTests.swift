import CVulkan
import Opsin
import OpsinVulkan
import Synchronization
import Testing

/// What the replaced entry points count and call: C functions capture nothing, so it is one global, and the suite runs one test at a time.
private enum Fault {
    @safe struct State: @unchecked Sendable {
        var real: VulkanFunctions?
        /// Calls of the entry point under test that still succeed, and how many fail after them.
        var good = Int.max
        var bad = 0
        /// How many failed.
        var struck = 0
    }

    static let state = Mutex(State())

    static var real: VulkanFunctions? { state.withLock { $0.real } }
    static var struck: Int { state.withLock { $0.struck } }

    /// After `good` more calls `bad` of them fail.
    static func arm(good: Int, bad: Int = .max) { state.withLock { ($0.good, $0.bad, $0.struck) = (good, bad, 0) } }

    static func disarm() { arm(good: .max, bad: 0) }

    /// Whether this call fails.
    static func strikes() -> Bool {
        state.withLock { state in
            if state.good > 0 {
                state.good -= state.good == .max ? 0 : 1
                return false
            }
            guard state.bad > 0 else { return false }
            state.bad -= state.bad == .max ? 0 : 1
            state.struck += 1
            return true
        }
    }

    /// A way to Vulkan over the edited table. No self-tests, which would count among the calls, and no cache.
    static func vulkan(_ edit: @escaping @Sendable (inout VulkanFunctions) -> Void) -> Runtime.Vulkan {
        disarm()
        var vulkan = Runtime.Vulkan()
        vulkan.instance = { () throws(VulkanError) in
            try VulkanInstance(loader: LoaderFunctions()) { functions in
                let real = functions
                state.withLock { $0.real = real }
                edit(&functions)
            }
        }
        vulkan.options = DeviceOptions()
        vulkan.options.disabled = Set(Feature.allCases)
        vulkan.options.timeoutMilliseconds = 60_000
        return vulkan
    }
}

/// The same model on a device that fails, and on the CPU.
private struct Trial {
    let session: Session
    let input: Tensor
    let expected: [Float]

    init(_ vulkan: Runtime.Vulkan, allowsCPUFallback: Bool = true) throws {
        let runtime = try Runtime(Trial.options(.vulkan, allowsCPUFallback), vulkan: vulkan)
        session = try Session(Model(runtime, path: Trial.model))
        let values = (0..<3072).map { (index: Int) -> Float in Float(index % 29) / 14 - 1 }
        input = try Tensor(name: "pixel_values", dimensions: [1, 3, 32, 32], values: values)
        let cpu = try Session(Model(Runtime(Trial.options(.cpu, true)), path: Trial.model))
        let outputs = try cpu.run(tensors: [input]).outputs
        expected = try #require(outputs.first { $0.name == "logits" }?.values)
    }

    static func options(_ device: DeviceSelection, _ allowsCPUFallback: Bool) -> Runtime.Options {
        var options = Runtime.Options()
        (options.device, options.allowsCPUFallback) = (device, allowsCPUFallback)
        return options
    }

    /// The model that ships with the checkout.
    static let model: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/Models/mobilenet_v2_1.0_224"
    }()

    /// Runs once; the answer must be the CPU's, whoever gives it.
    func run(_ location: SourceLocation = #_sourceLocation) throws -> Report {
        let (outputs, _, report) = try session.run(tensors: [input])
        let found = outputs.first { $0.name == "logits" }?.values ?? []
        let largest = expected.map { abs($0) }.max() ?? 0
        let worst = zip(found, expected).map { (a: Float, b: Float) -> Float in abs(a - b) }.max() ?? .infinity
        #expect(found.count == expected.count && worst <= 1e-4 * largest, "off by \(worst) of \(largest)", sourceLocation: location)
        return report
    }
}

/// A session whose driver fails: the right answer and the reason, or an error where the CPU may not take over.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct SessionFaultTests {
    private static func losing() -> Runtime.Vulkan {
        Fault.vulkan { functions in
            unsafe functions.queueSubmit = { queue, count, submits, fence in
                guard !Fault.strikes(), let real = Fault.real else { return VK_ERROR_DEVICE_LOST }
                return unsafe real.queueSubmit(queue, count, submits, fence)
            }
        }
    }

    @Test(arguments: 0..<3) func aLostDeviceIsOpenedAnewOnce(_ n: Int) throws {
        let trial = try Trial(Self.losing())
        Fault.arm(good: n, bad: 1)
        for index in 0..<4 {
            let report = try trial.run()
            #expect(report.device.kind == .vulkan && report.dispatches > 0)
            #expect(report.fallbacks.count == (index < n ? 0 : 1))
            if let fallback = report.fallbacks.first {
                #expect(fallback.reason == "vkQueueSubmit: VK_ERROR_DEVICE_LOST; the device was opened anew" && fallback.what.hasPrefix("device "))
            }
        }
        #expect(Fault.struck == 1)
    }

    @Test func aDeviceThatIsLostAgainLeavesTheRunToTheCPU() throws {
        let trial = try Trial(Self.losing())
        Fault.arm(good: 1)
        #expect(try trial.run().device.kind == .vulkan)
        let report = try trial.run()
        #expect(report.device.kind == .cpu && report.dispatches == 0 && report.precision == .fp32)
        #expect(report.fallbacks.map(\.reason) == ["vkQueueSubmit: VK_ERROR_DEVICE_LOST; the device was opened anew", "vkQueueSubmit: VK_ERROR_DEVICE_LOST"])
        // It stays there: no run pays for a device that is gone.
        let struck = Fault.struck
        #expect(try trial.run().device.kind == .cpu)
        #expect(Fault.struck == struck)
    }

    @Test func aLossIsAnErrorWhereTheCPUIsForbidden() throws {
        let trial = try Trial(Self.losing(), allowsCPUFallback: false)
        Fault.arm(good: 0)
        let error = failure { _ = try trial.run() }
        #expect(
            error?.code == .device && error?.description.contains("VK_ERROR_DEVICE_LOST, and falling back to the CPU is forbidden") ?? false, "\(error as Any)")
        // One loss alone is mended, also then.
        let other = try Trial(Self.losing(), allowsCPUFallback: false)
        Fault.arm(good: 0, bad: 1)
        #expect(try other.run().device.kind == .vulkan)
    }

    @Test(arguments: [1, Int.max]) func aFenceThatNeverSignals(_ times: Int) throws {
        let vulkan = Fault.vulkan { functions in
            unsafe functions.waitForFences = { device, count, fences, all, timeout in
                guard let real = Fault.real else { return VK_ERROR_DEVICE_LOST }
                // The work itself ends, so that nothing of this process is used after it is gone.
                let result = unsafe real.waitForFences(device, count, fences, all, timeout)
                return Fault.strikes() ? VK_TIMEOUT : result
            }
        }
        let trial = try Trial(vulkan)
        try trial.session.adjust { $0.timeoutMilliseconds = 30_000 }
        Fault.arm(good: 1, bad: times)
        #expect(try trial.run().fallbacks.isEmpty)
        let report = try trial.run()
        #expect(report.device.kind == (times == 1 ? .vulkan : .cpu) && report.fallbacks.count == (times == 1 ? 1 : 2))
        #expect(report.fallbacks.allSatisfy { $0.reason.contains("did not finish within 30000 ms") })
    }

    @Test func aLossWhileRequestsWaitIsMendedForAll() throws {
        let trial = try Trial(Self.losing())
        let picture = try Image(width: 32, height: 32, channels: 3, pixels: [UInt8](repeating: 90, count: 3072))
        let expected = try trial.session.run(picture).classes
        Fault.arm(good: 1, bad: 1)
        let requests = try (0..<4).map { _ in try trial.session.submit(picture) }
        let results = try requests.map { try #require(try $0.wait()) }
        #expect(Fault.struck == 1 && results.map(\.report.fallbacks.count) == [0, 1, 1, 1])
        #expect(results.allSatisfy { $0.report.device.kind == .vulkan && $0.classes.map(\.label) == expected.map(\.label) })
    }

    /// Both lanes lose the device, the runtime opens it anew once.
    @Test func aStreamGoesOnAfterALoss() throws {
        let trial = try Trial(Self.losing())
        let picture = try Image(width: 32, height: 32, channels: 3, pixels: [UInt8](repeating: 90, count: 3072))
        let stream = try FrameStream(trial.session, FrameStream.Options(queueDepth: 8, inFlight: 2))
        Fault.arm(good: 12, bad: 1)
        for _ in 0..<8 { try stream.push(picture) }
        var labels: Set<String> = []
        for number in 0..<8 {
            let answer = try #require(try stream.next())
            #expect(answer.number == number)
            labels.insert(try answer.result.get().classes.first?.label ?? "")
        }
        #expect(labels.count == 1 && stream.statistics.done == 8 && stream.statistics.failed == 0)
    }

    private static func starving() -> Runtime.Vulkan {
        Fault.vulkan { functions in
            unsafe functions.allocateMemory = { device, info, host, memory in
                guard !Fault.strikes(), let real = Fault.real else { return VK_ERROR_OUT_OF_DEVICE_MEMORY }
                return unsafe real.allocateMemory(device, info, host, memory)
            }
        }
    }

    @Test(arguments: 0..<3) func memoryRunsOutAtTheNthAllocation(_ n: Int) throws {
        let trial = try Trial(Self.starving())
        Fault.arm(good: n)
        let report = try trial.run()
        #expect(Fault.struck > 0)
        #expect(report.device.kind == .cpu && report.fallbacks.count == 1)
        #expect(report.fallbacks.first?.reason.contains("VK_ERROR_OUT_OF_DEVICE_MEMORY") ?? false, "\(report.fallbacks)")
        let strict = try Trial(Self.starving(), allowsCPUFallback: false)
        Fault.arm(good: n)
        let error = failure { _ = try strict.run() }
        #expect(error?.code == .device && error?.description.contains("VK_ERROR_OUT_OF_DEVICE_MEMORY, and falling back to the CPU is forbidden") ?? false)
        // Memory is there again: the same session runs on its device.
        Fault.disarm()
        #expect(try strict.run().device.kind == .vulkan)
    }

    @Test func oneRefusedBlockIsTakenSmaller() throws {
        let trial = try Trial(Self.starving())
        Fault.arm(good: 0, bad: 1)
        let report = try trial.run()
        #expect(Fault.struck == 1 && report.device.kind == .vulkan && report.fallbacks.isEmpty)
    }

    @Test func aCorruptPipelineCacheIsIgnored() throws {
        let folder = temporaryFolder()
        var vulkan = Fault.vulkan { _ in }
        vulkan.options = DeviceOptions()
        vulkan.options.cacheFolder = folder
        #expect(try Trial(vulkan).run().fallbacks.isEmpty)
        let device = try VulkanHere.device().info
        let files = [
            PipelineCacheFile(folder: folder, device: device, shaders: Shaders.hash).path,
            VerdictFile(folder: folder, device: device, shaders: Shaders.hash).path,
        ]
        for bytes in [[], [0], [UInt8](repeating: 0xA5, count: 5000)] as [[UInt8]] {
            for file in files { overwrite(file, with: bytes) }
            let report = try Trial(vulkan).run()
            #expect(report.device.kind == .vulkan && report.fallbacks.isEmpty)
        }
    }

    /// How Vulkan can be absent, and what the report says of it.
    enum Absence: CaseIterable, CustomTestStringConvertible {
        case loader, driver, device, creation

        var testDescription: String { "no \(self)" }

        var reason: String {
            switch self {
            case .loader: "the Vulkan loader libopsin-is-no-loader.so.1 is not installed or cannot be opened"
            case .driver: "vkCreateInstance: VK_ERROR_INCOMPATIBLE_DRIVER"
            case .device: "no Vulkan device is there"
            case .creation: "vkCreateDevice: VK_ERROR_INITIALIZATION_FAILED"
            }
        }

        var vulkan: Runtime.Vulkan {
            var vulkan = Fault.vulkan { _ in }
            switch self {
            case .loader:
                vulkan.instance = { () throws(VulkanError) in try VulkanInstance(loader: LoaderFunctions(libraries: ["libopsin-is-no-loader.so.1"])) }
            case .driver:
                vulkan.instance = { () throws(VulkanError) in
                    var loader = try LoaderFunctions()
                    unsafe loader.createInstance = { _, _, _ in VK_ERROR_INCOMPATIBLE_DRIVER }
                    return try VulkanInstance(loader: loader)
                }
            case .device:
                vulkan = Fault.vulkan { functions in
                    unsafe functions.enumeratePhysicalDevices = { _, count, _ in
                        unsafe count?.pointee = 0
                        return VK_SUCCESS
                    }
                }
            case .creation: vulkan = Fault.vulkan { unsafe $0.createDevice = { _, _, _, _ in VK_ERROR_INITIALIZATION_FAILED } }
            }
            return vulkan
        }
    }

    @Test(arguments: Absence.allCases) func whatIsAbsentIsNamed(_ absence: Absence) throws {
        let report = try Trial(absence.vulkan).run()
        #expect(report.device.kind == .cpu && report.fallbacks == [Fallback(what: "device vulkan", reason: absence.reason)])
        let error = failure { _ = try Trial(absence.vulkan, allowsCPUFallback: false) }
        #expect(error == OpsinError(.device, "device vulkan: \(absence.reason), and falling back to the CPU is forbidden"))
        // Nobody asked for a GPU: the CPU is no fallback, also where falling back is forbidden.
        let auto = try Runtime(Trial.options(.auto, false), vulkan: absence.vulkan)
        #expect(auto.device.kind == .cpu && auto.fallbacks.isEmpty)
    }
}

import CVulkan
import Opsin
import OpsinVulkan
import Synchronization
import Testing

/// A driver that says less than the real one, or refuses one call: C functions capture nothing, so what they say is one global, and the suite runs one test at
/// a time.
private enum Meagre {
    @safe struct State: @unchecked Sendable {
        var real: VulkanFunctions?
        /// The call that is refused, and how many of it still succeed.
        var refused: RefusedCall?
        var good = 0
        var struck = 0
        /// What the device is said to be.
        var face = Face()
        /// The names that the last device was made with.
        var enabled: [String] = []
    }

    /// What is changed of the machine's device.
    struct Face: Sendable {
        var hasExtensions = true
        var api: UInt32?
        var storage16 = true
        var storage8 = true
        var computes = true
        var limits: @Sendable (inout VkPhysicalDeviceLimits) -> Void = { _ in }
    }

    static let state = Mutex(State())

    static var real: VulkanFunctions? { state.withLock { $0.real } }
    static var face: Face { state.withLock { $0.face } }
    static var struck: Int { state.withLock { $0.struck } }

    static func refuse(_ call: RefusedCall?, after good: Int = 0) { state.withLock { ($0.refused, $0.good, $0.struck) = (call, good, 0) } }

    /// The real function unless `call` is refused now.
    static func unless(_ call: RefusedCall, _ body: (VulkanFunctions) -> VkResult) -> VkResult {
        let strikes = state.withLock { state -> Bool in
            guard state.refused == call else { return false }
            guard state.good == 0 else {
                state.good -= 1
                return false
            }
            state.struck += 1
            return true
        }
        guard !strikes, let real else { return VK_ERROR_OUT_OF_HOST_MEMORY }
        return body(real)
    }

    /// A way to Vulkan over the edited table; no self-tests, which would count among the calls, and no cache.
    static func vulkan(_ face: Face = Face(), disabled: Set<Feature> = Set(Feature.allCases)) -> Runtime.Vulkan {
        state.withLock { $0 = State(face: face) }
        var vulkan = Runtime.Vulkan()
        vulkan.instance = { () throws(VulkanError) in
            try VulkanInstance(loader: LoaderFunctions()) { functions in
                let real = functions
                state.withLock { $0.real = real }
                refuseCalls(&functions)
                changeFace(&functions)
            }
        }
        vulkan.options = DeviceOptions()
        vulkan.options.disabled = disabled
        return vulkan
    }
}

/// The calls of a plan's making and running that can run out of memory.
enum RefusedCall: CaseIterable {
    case createBuffer, bindBufferMemory, mapMemory, createShaderModule, createDescriptorSetLayout, createPipelineLayout, createComputePipelines
    case createDescriptorPool, allocateDescriptorSets, createCommandPool, allocateCommandBuffers, beginCommandBuffer, endCommandBuffer, createFence
}

private func refuseCalls(_ functions: inout VulkanFunctions) {
    unsafe functions.createBuffer = { a, b, c, d in Meagre.unless(.createBuffer) { unsafe $0.createBuffer(a, b, c, d) } }
    unsafe functions.bindBufferMemory = { a, b, c, d in Meagre.unless(.bindBufferMemory) { unsafe $0.bindBufferMemory(a, b, c, d) } }
    unsafe functions.mapMemory = { a, b, c, d, e, f in Meagre.unless(.mapMemory) { unsafe $0.mapMemory(a, b, c, d, e, f) } }
    unsafe functions.createShaderModule = { a, b, c, d in Meagre.unless(.createShaderModule) { unsafe $0.createShaderModule(a, b, c, d) } }
    unsafe functions.createDescriptorSetLayout = { a, b, c, d in
        Meagre.unless(.createDescriptorSetLayout) { unsafe $0.createDescriptorSetLayout(a, b, c, d) }
    }
    unsafe functions.createPipelineLayout = { a, b, c, d in Meagre.unless(.createPipelineLayout) { unsafe $0.createPipelineLayout(a, b, c, d) } }
    unsafe functions.createComputePipelines = { a, b, c, d, e, f in
        Meagre.unless(.createComputePipelines) { unsafe $0.createComputePipelines(a, b, c, d, e, f) }
    }
    unsafe functions.createDescriptorPool = { a, b, c, d in Meagre.unless(.createDescriptorPool) { unsafe $0.createDescriptorPool(a, b, c, d) } }
    unsafe functions.allocateDescriptorSets = { a, b, c in Meagre.unless(.allocateDescriptorSets) { unsafe $0.allocateDescriptorSets(a, b, c) } }
    unsafe functions.createCommandPool = { a, b, c, d in Meagre.unless(.createCommandPool) { unsafe $0.createCommandPool(a, b, c, d) } }
    unsafe functions.allocateCommandBuffers = { a, b, c in Meagre.unless(.allocateCommandBuffers) { unsafe $0.allocateCommandBuffers(a, b, c) } }
    unsafe functions.beginCommandBuffer = { a, b in Meagre.unless(.beginCommandBuffer) { unsafe $0.beginCommandBuffer(a, b) } }
    unsafe functions.endCommandBuffer = { a in Meagre.unless(.endCommandBuffer) { unsafe $0.endCommandBuffer(a) } }
    unsafe functions.createFence = { a, b, c, d in Meagre.unless(.createFence) { unsafe $0.createFence(a, b, c, d) } }
}

private func changeFace(_ functions: inout VulkanFunctions) {
    unsafe functions.enumerateDeviceExtensionProperties = { device, layer, count, list in
        guard let real = Meagre.real, Meagre.face.hasExtensions else {
            unsafe count?.pointee = 0
            return VK_SUCCESS
        }
        return unsafe real.enumerateDeviceExtensionProperties(device, layer, count, list)
    }
    unsafe functions.getPhysicalDeviceProperties2 = { device, all in
        guard let real = Meagre.real, let all = unsafe all else { return }
        unsafe real.getPhysicalDeviceProperties2(device, all)
        let face = Meagre.face
        if let api = face.api { unsafe all.pointee.properties.apiVersion = api }
        unsafe face.limits(&all.pointee.properties.limits)
    }
    unsafe functions.getPhysicalDeviceFeatures2 = { device, all in
        guard let real = Meagre.real, let all = unsafe all else { return }
        unsafe real.getPhysicalDeviceFeatures2(device, all)
        var next = unsafe all.pointee.pNext
        while let place = unsafe next {
            let type = unsafe place.assumingMemoryBound(to: VkBaseOutStructure.self).pointee.sType
            if type == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES, !Meagre.face.storage16 {
                unsafe place.assumingMemoryBound(to: VkPhysicalDevice16BitStorageFeatures.self).pointee.storageBuffer16BitAccess = 0
            }
            if type == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES, !Meagre.face.storage8 {
                unsafe place.assumingMemoryBound(to: VkPhysicalDevice8BitStorageFeatures.self).pointee.storageBuffer8BitAccess = 0
            }
            unsafe next = unsafe UnsafeMutableRawPointer(place.assumingMemoryBound(to: VkBaseOutStructure.self).pointee.pNext)
        }
    }
    unsafe functions.getPhysicalDeviceQueueFamilyProperties = { device, count, list in
        guard let real = Meagre.real else { return }
        unsafe real.getPhysicalDeviceQueueFamilyProperties(device, count, list)
        guard !Meagre.face.computes, let list = unsafe list, let count = unsafe count?.pointee else { return }
        for index in 0..<Int(count) { unsafe list[index].queueFlags &= ~VK_QUEUE_COMPUTE_BIT.rawValue }
    }
    unsafe functions.createDevice = { device, info, host, made in
        guard let real = Meagre.real, let info = unsafe info else { return VK_ERROR_INITIALIZATION_FAILED }
        let names = unsafe (0..<Int(info.pointee.enabledExtensionCount)).compactMap { index in
            unsafe info.pointee.ppEnabledExtensionNames?[index].map { unsafe String(cString: $0) }
        }
        Meagre.state.withLock { $0.enabled = names }
        return unsafe real.createDevice(device, info, host, made)
    }
}

/// The model that ships, on the edited device: what it answers must be the CPU's.
private struct RefusalTrial {
    let session: Session
    let image: Image
    let expected: [Classification]

    init(_ vulkan: Runtime.Vulkan, allowsCPUFallback: Bool = true, precision: Precision = .default) throws {
        func runtimeOptions(_ device: DeviceSelection) -> Runtime.Options {
            var options = Runtime.Options()
            (options.device, options.allowsCPUFallback) = (device, allowsCPUFallback)
            return options
        }
        let model = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Models/mobilenet_v2_1.0_224"
        var options = Session.Options()
        (options.precision, options.inputHeight, options.inputWidth) = (precision, 32, 32)
        session = try Session(Model(Runtime(runtimeOptions(.vulkan), vulkan: vulkan), path: model), options)
        image = try Image(width: 48, height: 40, channels: 3, pixels: (0..<48 * 40 * 3).map { (index: Int) -> UInt8 in UInt8(truncatingIfNeeded: index * 11) })
        options.precision = .default
        expected = try Session(Model(Runtime(runtimeOptions(.cpu)), path: model), options).run(image).classes
    }

    func run(within tolerance: Float = 1e-4, _ location: SourceLocation = #_sourceLocation) throws -> Report {
        let result = try session.run(image)
        #expect(result.classes.first?.labelID == expected.first?.labelID, sourceLocation: location)
        let difference = abs((result.classes.first?.score ?? 0) - (expected.first?.score ?? 1))
        #expect(difference <= tolerance, "off by \(difference)", sourceLocation: location)
        return result.report
    }
}

/// Devices that lack what others have, and calls that run out of memory: the right answer with its reason, or an error where the CPU may not take over.
@Suite(.serialized, .enabled(if: VulkanHere.isThere, VulkanHere.reason))
struct RefusalTests {
    @Test(arguments: RefusedCall.allCases) func aCallRunsOutOfMemory(_ call: RefusedCall) throws {
        let trial = try RefusalTrial(Meagre.vulkan())
        Meagre.refuse(call, after: 1)
        let report = try trial.run()
        if Meagre.struck == 0 {
            // Made but once before anything is refused: the device itself makes it.
            #expect(report.device.kind == .vulkan, "\(call)")
        } else {
            #expect(report.device.kind == .cpu && report.fallbacks.count == 1, "\(call)")
            #expect(report.fallbacks.first?.reason.contains("VK_ERROR_OUT_OF_HOST_MEMORY") ?? false, "\(call): \(report.fallbacks)")
        }
        let strict = try RefusalTrial(Meagre.vulkan(), allowsCPUFallback: false)
        Meagre.refuse(call)
        let error = failure { _ = try strict.run() }
        #expect(Meagre.struck > 0 && error?.code == .device, "\(call)")
        #expect(error?.description.contains("VK_ERROR_OUT_OF_HOST_MEMORY, and falling back to the CPU is forbidden") ?? false, "\(call): \(error as Any)")
        // Memory is there again, and nothing of the attempt is left over that would be in the way.
        Meagre.refuse(nil)
        #expect(try strict.run().device.kind == .vulkan)
    }

    @Test func aDeviceWithoutExtensionsComputesInFp32() throws {
        let face = Meagre.Face(hasExtensions: false, api: 1 << 22 | 1 << 12, storage16: false)
        let trial = try RefusalTrial(Meagre.vulkan(face, disabled: [.subgroups, .sharedSizes, .pipelineCache]), precision: .auto)
        let report = try trial.run()
        #expect(report.device.kind == .vulkan && report.precision == .fp32 && report.fallbacks.isEmpty)
        #expect(Meagre.state.withLock { $0.enabled }.isEmpty)
        let error = failure { _ = try RefusalTrial(Meagre.vulkan(face), precision: .fp16) }
        #expect(error?.code == .unsupported && error?.description.contains("has no 16-bit storage") ?? false, "\(error as Any)")
    }

    /// Samples are bytes: without storage for them the processor preprocesses.
    @Test func withoutStorageOfBytesImagesArePreparedOnTheProcessor() throws {
        let trial = try RefusalTrial(Meagre.vulkan(Meagre.Face(storage8: false), disabled: [.subgroups, .pipelineCache]))
        try trial.session.adjust { $0.preprocessing = .device }
        let report = try trial.run()
        #expect(report.device.kind == .vulkan || report.fallbacks.count == 1, "\(report)")
    }

    /// A limit and how far below Vulkan's least it is set; none may crash, hang or give a wrong answer.
    @Test(arguments: ["range", "shared memory", "invocations", "group counts", "push constants"]) func tinyLimits(_ limit: String) throws {
        var face = Meagre.Face()
        switch limit {
        case "range": face.limits = { $0.maxStorageBufferRange = 1 << 14 }
        case "shared memory": face.limits = { $0.maxComputeSharedMemorySize = 64 }
        case "invocations": face.limits = { ($0.maxComputeWorkGroupInvocations, $0.maxComputeWorkGroupSize) = (16, (16, 1, 1)) }
        case "group counts": face.limits = { $0.maxComputeWorkGroupCount = (1, 1, 1) }
        default: face.limits = { $0.maxPushConstantsSize = 0 }
        }
        let report = try RefusalTrial(Meagre.vulkan(face)).run()
        // Whatever the device does not run is named; where it may not go elsewhere it is an error.
        let error = failure { _ = try RefusalTrial(Meagre.vulkan(face), allowsCPUFallback: false).run() }
        #expect(report.fallbacks.isEmpty == (error == nil), "\(report.fallbacks)")
        if let error { #expect(error.code == .device && error.description.count < 500, "\(error)") }
        #expect(report.fallbacks.allSatisfy { !$0.reason.isEmpty && !$0.what.isEmpty })
    }

    @Test func aDeviceThatCannotComputeIsNamed() throws {
        for (face, word) in [(Meagre.Face(api: 1 << 22), "1.0"), (Meagre.Face(computes: false), "queue")] {
            let report = try RefusalTrial(Meagre.vulkan(face)).run()
            #expect(report.device.kind == .cpu && report.fallbacks.count == 1)
            #expect(report.fallbacks.first?.reason.contains(word) ?? false, "\(report.fallbacks)")
            let error = failure { _ = try RefusalTrial(Meagre.vulkan(face), allowsCPUFallback: false) }
            #expect(error?.code == .device && error?.description.contains("forbidden") ?? false, "\(error as Any)")
        }
    }
}

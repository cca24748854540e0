internal import CVulkan
internal import Synchronization

/// The Vulkan device and its one queue: what buffers, pipelines and command lists keep alive.
@safe final class DeviceCore: @unchecked Sendable {  // handles never change; the queue is used under `state`
    private struct State {
        var failure: VulkanError?
        var abandoned = false
    }

    let instance: VulkanInstance
    let vk: VulkanFunctions
    let info: DeviceInfo
    let handle: VkDevice
    let physical: VkPhysicalDevice
    private let queue: VkQueue
    private let state = Mutex(State())

    init(_ instance: VulkanInstance, index: Int, enabling features: DeviceFeatures) throws(VulkanError) {
        guard instance.devices.indices.contains(index), unsafe instance.physicalDevices.indices.contains(index) else {
            throw VulkanError(.argument, "device \(index) does not exist, there are \(instance.devices.count)")
        }
        let info = instance.devices[index]
        guard info.defect == nil, let family = info.queueFamily else { throw VulkanError(.unsupported, "\(info.name): \(info.defect ?? "no queue")") }
        let (vk, physical) = unsafe (instance.functions, instance.physicalDevices[index])
        if let shared = instance.shared {
            (self.instance, self.vk, self.info) = (instance, vk, info)
            unsafe (self.handle, self.physical, self.queue) = (shared.device, physical, shared.queue)
            return
        }
        let handle = try unsafe DeviceCore.create(vk, physical, family: family, enabling: features)
        var queue: VkQueue?
        unsafe vk.getDeviceQueue(handle, family, 0, &queue)
        guard let queue = unsafe queue else {
            unsafe vk.destroyDevice(handle, nil)
            throw VulkanError(.driver, "vkGetDeviceQueue gave no queue")
        }
        (self.instance, self.vk, self.info) = (instance, vk, info)
        unsafe (self.handle, self.physical, self.queue) = (handle, physical, queue)
    }

    deinit {
        guard !isAbandoned else {
            // Work that never ended may still touch the device; destroying it is undefined. The process keeps it.
            _ = unsafe Unmanaged.passRetained(instance)
            return
        }
        if instance.shared == nil { unsafe vk.destroyDevice(handle, nil) }
    }

    private static func create(
        _ vk: VulkanFunctions, _ physical: VkPhysicalDevice, family: UInt32, enabling features: DeviceFeatures
    ) throws(VulkanError) -> VkDevice {
        let chain = unsafe FeatureChain(DeviceProbe(vk, physical))
        chain.enable(features)
        var all = unsafe VkPhysicalDeviceFeatures2()
        unsafe all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2
        unsafe all.pNext = chain.head
        unsafe all.features.shaderInt16 = features.int16 ? 1 : 0
        var device: VkDevice?
        let result = unsafe withCStrings(chain.extensions) { names in
            unsafe withUnsafePointer(to: 1 as Float) { priority in
                var queue = unsafe VkDeviceQueueCreateInfo()
                unsafe queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO
                unsafe queue.queueFamilyIndex = family
                unsafe queue.queueCount = 1
                unsafe queue.pQueuePriorities = priority
                return unsafe withUnsafePointer(to: &queue) { queue in
                    unsafe withUnsafePointer(to: &all) { all in
                        var create = unsafe VkDeviceCreateInfo()
                        unsafe create.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO
                        unsafe create.pNext = UnsafeRawPointer(all)
                        unsafe create.queueCreateInfoCount = 1
                        unsafe create.pQueueCreateInfos = queue
                        unsafe create.enabledExtensionCount = UInt32(names.count)
                        unsafe create.ppEnabledExtensionNames = names.baseAddress
                        return unsafe vk.createDevice(physical, &create, nil, &device)
                    }
                }
            }
        }
        withExtendedLifetime(chain) {}
        try check(result, "vkCreateDevice")
        guard let device = unsafe device else { throw VulkanError(.driver, "vkCreateDevice gave no device") }
        return unsafe device
    }

    /// Why the device counts as lost; nil while it works.
    var failure: VulkanError? { state.withLock { $0.failure } }

    /// True after a time-out: handles must not be destroyed, because the device may still use them.
    var isAbandoned: Bool { state.withLock { $0.abandoned } }

    /// Starts `commands` in their order; `fence` signals when all are done.
    func submit(_ commands: [VkCommandBuffer], _ fence: VkFence) throws(VulkanError) {
        let commands: [VkCommandBuffer?] = unsafe commands
        let result = unsafe commands.withUnsafeBufferPointer { commands in
            var submit = unsafe VkSubmitInfo()
            unsafe submit.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO
            unsafe submit.commandBufferCount = UInt32(clamping: commands.count)
            unsafe submit.pCommandBuffers = commands.baseAddress
            // The lock keeps two threads off the queue, as Vulkan demands; the application's keeps its own threads off.
            return state.withLock { state -> VkResult in
                guard state.failure == nil else { return VK_ERROR_DEVICE_LOST }
                instance.shared?.lock?()
                defer { instance.shared?.unlock?() }
                return unsafe vk.queueSubmit(queue, 1, &submit, fence)
            }
        }
        try note(result, "vkQueueSubmit")
    }

    /// Waits until `fence` signals, at most `milliseconds`; a device that is late counts as lost.
    func wait(_ fence: VkFence, milliseconds: Int) throws(VulkanError) {
        var fence: VkFence? = unsafe fence
        let nanoseconds = UInt64(clamping: milliseconds).multipliedReportingOverflow(by: 1_000_000)
        let result = unsafe vk.waitForFences(handle, 1, &fence, 1, nanoseconds.overflow ? UInt64.max : nanoseconds.partialValue)
        if result == VK_TIMEOUT {
            let error = VulkanError(.timeout, "\(info.name) did not finish within \(milliseconds) ms")
            state.withLock { ($0.failure, $0.abandoned) = ($0.failure ?? error, true) }
            throw error
        }
        try note(result, "vkWaitForFences")
    }

    /// `check`, and the device is remembered as lost when the driver says so.
    func note(_ result: VkResult, _ call: String) throws(VulkanError) {
        guard result != VK_SUCCESS else { return }
        let error = VulkanError(result, call)
        if error.code == .deviceLost { state.withLock { $0.failure = $0.failure ?? error } }
        throw error
    }
}

/// Calls `body` with C strings that live as long as the call.
func withCStrings<Result>(_ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result) -> Result {
    let copies = unsafe texts.map { text in
        let bytes = text.utf8CString
        let place = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        unsafe _ = place.initialize(from: bytes)
        return unsafe place
    }
    defer { unsafe copies.forEach { unsafe $0.deallocate() } }
    let pointers = unsafe copies.map { unsafe UnsafePointer($0.baseAddress) }
    return unsafe pointers.withUnsafeBufferPointer { unsafe body($0) }
}

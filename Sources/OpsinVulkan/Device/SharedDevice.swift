package import CVulkan

/// A Vulkan device that an application made and lends to us. It stays the application's: nothing of it is ever destroyed here.
@safe package struct SharedDevice: @unchecked Sendable {  // handles, which never change; the application answers for its functions
    package let instance: VkInstance
    package let physical: VkPhysicalDevice
    package let device: VkDevice
    package let queue: VkQueue
    package let queueFamily: UInt32
    /// Device extensions that are enabled, with their features.
    package let extensions: Set<String>
    /// Nil is the loader's.
    package let getInstanceProcAddr: PFN_vkGetInstanceProcAddr?
    /// Called around every use of the queue.
    package let lock: (@Sendable () -> Void)?
    package let unlock: (@Sendable () -> Void)?

    /// The handles as C has them. `getInstanceProcAddr` must be what its name says.
    @unsafe package init(
        instance: UnsafeMutableRawPointer, physical: UnsafeMutableRawPointer, device: UnsafeMutableRawPointer, queue: UnsafeMutableRawPointer,
        queueFamily: UInt32, extensions: Set<String>, getInstanceProcAddr: UnsafeMutableRawPointer?, lock: (@Sendable () -> Void)?,
        unlock: (@Sendable () -> Void)?
    ) {
        unsafe (self.instance, self.physical) = (OpaquePointer(instance), OpaquePointer(physical))
        unsafe (self.device, self.queue) = (OpaquePointer(device), OpaquePointer(queue))
        unsafe self.getInstanceProcAddr = getInstanceProcAddr.map { unsafe unsafeBitCast($0, to: PFN_vkGetInstanceProcAddr.self) }
        (self.queueFamily, self.extensions, self.lock, self.unlock) = (queueFamily, extensions, lock, unlock)
    }

    /// What is enabled of what the device has: the features of the extensions that the application names. Others may be enabled; nobody can ask.
    func enabled(_ has: DeviceFeatures) -> DeviceFeatures {
        var features = DeviceFeatures()
        let named: (String) -> Bool = { extensions.contains($0) }
        features.storage16 = has.storage16 && named("VK_KHR_16bit_storage")
        features.float16 = has.float16 && named("VK_KHR_shader_float16_int8")
        features.int8 = has.int8 && named("VK_KHR_shader_float16_int8")
        features.storage8 = has.storage8 && named("VK_KHR_8bit_storage")
        features.memoryModel = has.memoryModel && named("VK_KHR_vulkan_memory_model")
        features.cooperativeMatrixNV = has.cooperativeMatrixNV && named("VK_NV_cooperative_matrix")
        features.cooperativeMatrixKHR = has.cooperativeMatrixKHR && named("VK_KHR_cooperative_matrix")
        features.memoryHandles = has.memoryHandles.filter { $0.extensions.allSatisfy(named) }
        // Part of Vulkan 1.1, nothing to enable.
        features.subgroupOperations = has.subgroupOperations
        return features
    }
}

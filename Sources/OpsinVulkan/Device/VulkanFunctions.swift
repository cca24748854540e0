package import CVulkan

/// Every Vulkan entry point that the device layer calls, loaded once per instance. Tests replace entries to make them fail.
///
/// All come from `vkGetInstanceProcAddr`, so one table serves every device; the loader's trampoline costs nothing where commands are recorded once.
@safe package struct VulkanFunctions: @unchecked Sendable {  // addresses of code, which nothing changes
    // Instance and physical devices
    package var destroyInstance: PFN_vkDestroyInstance
    package var enumeratePhysicalDevices: PFN_vkEnumeratePhysicalDevices
    package var getPhysicalDeviceProperties2: PFN_vkGetPhysicalDeviceProperties2
    package var getPhysicalDeviceFeatures2: PFN_vkGetPhysicalDeviceFeatures2
    package var getPhysicalDeviceMemoryProperties: PFN_vkGetPhysicalDeviceMemoryProperties
    package var getPhysicalDeviceQueueFamilyProperties: PFN_vkGetPhysicalDeviceQueueFamilyProperties
    package var enumerateDeviceExtensionProperties: PFN_vkEnumerateDeviceExtensionProperties
    package var createDevice: PFN_vkCreateDevice

    // Device and queue
    package var destroyDevice: PFN_vkDestroyDevice
    package var getDeviceQueue: PFN_vkGetDeviceQueue
    package var deviceWaitIdle: PFN_vkDeviceWaitIdle

    // Memory and buffers
    package var allocateMemory: PFN_vkAllocateMemory
    package var freeMemory: PFN_vkFreeMemory
    package var mapMemory: PFN_vkMapMemory
    package var flushMappedMemoryRanges: PFN_vkFlushMappedMemoryRanges
    package var invalidateMappedMemoryRanges: PFN_vkInvalidateMappedMemoryRanges
    package var createBuffer: PFN_vkCreateBuffer
    package var destroyBuffer: PFN_vkDestroyBuffer
    package var getBufferMemoryRequirements: PFN_vkGetBufferMemoryRequirements
    package var bindBufferMemory: PFN_vkBindBufferMemory

    // Pipelines and descriptors
    package var createShaderModule: PFN_vkCreateShaderModule
    package var destroyShaderModule: PFN_vkDestroyShaderModule
    package var createDescriptorSetLayout: PFN_vkCreateDescriptorSetLayout
    package var destroyDescriptorSetLayout: PFN_vkDestroyDescriptorSetLayout
    package var createPipelineLayout: PFN_vkCreatePipelineLayout
    package var destroyPipelineLayout: PFN_vkDestroyPipelineLayout
    package var createComputePipelines: PFN_vkCreateComputePipelines
    package var destroyPipeline: PFN_vkDestroyPipeline
    package var createPipelineCache: PFN_vkCreatePipelineCache
    package var destroyPipelineCache: PFN_vkDestroyPipelineCache
    package var getPipelineCacheData: PFN_vkGetPipelineCacheData
    package var createDescriptorPool: PFN_vkCreateDescriptorPool
    package var destroyDescriptorPool: PFN_vkDestroyDescriptorPool
    package var allocateDescriptorSets: PFN_vkAllocateDescriptorSets
    package var updateDescriptorSets: PFN_vkUpdateDescriptorSets

    // Commands, queries and fences
    package var createCommandPool: PFN_vkCreateCommandPool
    package var destroyCommandPool: PFN_vkDestroyCommandPool
    package var allocateCommandBuffers: PFN_vkAllocateCommandBuffers
    package var beginCommandBuffer: PFN_vkBeginCommandBuffer
    package var endCommandBuffer: PFN_vkEndCommandBuffer
    package var cmdBindPipeline: PFN_vkCmdBindPipeline
    package var cmdBindDescriptorSets: PFN_vkCmdBindDescriptorSets
    package var cmdPushConstants: PFN_vkCmdPushConstants
    package var cmdDispatch: PFN_vkCmdDispatch
    package var cmdPipelineBarrier: PFN_vkCmdPipelineBarrier
    package var cmdCopyBuffer: PFN_vkCmdCopyBuffer
    package var cmdFillBuffer: PFN_vkCmdFillBuffer
    package var createQueryPool: PFN_vkCreateQueryPool
    package var destroyQueryPool: PFN_vkDestroyQueryPool
    package var cmdResetQueryPool: PFN_vkCmdResetQueryPool
    package var cmdWriteTimestamp: PFN_vkCmdWriteTimestamp
    package var getQueryPoolResults: PFN_vkGetQueryPoolResults
    package var createFence: PFN_vkCreateFence
    package var destroyFence: PFN_vkDestroyFence
    package var resetFences: PFN_vkResetFences
    package var waitForFences: PFN_vkWaitForFences
    package var queueSubmit: PFN_vkQueueSubmit

    // Memory that is shared with others; nil where the driver does not know the call
    package var getPhysicalDeviceExternalBufferProperties: PFN_vkGetPhysicalDeviceExternalBufferProperties?
    package var getMemoryHostPointerProperties: PFN_vkGetMemoryHostPointerPropertiesEXT?
    package var getMemoryFd: PFN_vkGetMemoryFdKHR?
    package var getMemoryFdProperties: PFN_vkGetMemoryFdPropertiesKHR?

    /// nil where nothing has VK_KHR_cooperative_matrix.
    package var getPhysicalDeviceCooperativeMatrixPropertiesKHR: opsin_get_cooperative_matrices_khr?

    init(_ get: PFN_vkGetInstanceProcAddr, instance: VkInstance) throws(VulkanError) {
        let read = unsafe FunctionReader(get, instance)
        unsafe destroyInstance = try read.required("vkDestroyInstance")
        unsafe enumeratePhysicalDevices = try read.required("vkEnumeratePhysicalDevices")
        unsafe getPhysicalDeviceProperties2 = try read.required("vkGetPhysicalDeviceProperties2")
        unsafe getPhysicalDeviceFeatures2 = try read.required("vkGetPhysicalDeviceFeatures2")
        unsafe getPhysicalDeviceMemoryProperties = try read.required("vkGetPhysicalDeviceMemoryProperties")
        unsafe getPhysicalDeviceQueueFamilyProperties = try read.required("vkGetPhysicalDeviceQueueFamilyProperties")
        unsafe enumerateDeviceExtensionProperties = try read.required("vkEnumerateDeviceExtensionProperties")
        unsafe createDevice = try read.required("vkCreateDevice")
        unsafe destroyDevice = try read.required("vkDestroyDevice")
        unsafe getDeviceQueue = try read.required("vkGetDeviceQueue")
        unsafe deviceWaitIdle = try read.required("vkDeviceWaitIdle")
        unsafe allocateMemory = try read.required("vkAllocateMemory")
        unsafe freeMemory = try read.required("vkFreeMemory")
        unsafe mapMemory = try read.required("vkMapMemory")
        unsafe flushMappedMemoryRanges = try read.required("vkFlushMappedMemoryRanges")
        unsafe invalidateMappedMemoryRanges = try read.required("vkInvalidateMappedMemoryRanges")
        unsafe createBuffer = try read.required("vkCreateBuffer")
        unsafe destroyBuffer = try read.required("vkDestroyBuffer")
        unsafe getBufferMemoryRequirements = try read.required("vkGetBufferMemoryRequirements")
        unsafe bindBufferMemory = try read.required("vkBindBufferMemory")
        unsafe createShaderModule = try read.required("vkCreateShaderModule")
        unsafe destroyShaderModule = try read.required("vkDestroyShaderModule")
        unsafe createDescriptorSetLayout = try read.required("vkCreateDescriptorSetLayout")
        unsafe destroyDescriptorSetLayout = try read.required("vkDestroyDescriptorSetLayout")
        unsafe createPipelineLayout = try read.required("vkCreatePipelineLayout")
        unsafe destroyPipelineLayout = try read.required("vkDestroyPipelineLayout")
        unsafe createComputePipelines = try read.required("vkCreateComputePipelines")
        unsafe destroyPipeline = try read.required("vkDestroyPipeline")
        unsafe createPipelineCache = try read.required("vkCreatePipelineCache")
        unsafe destroyPipelineCache = try read.required("vkDestroyPipelineCache")
        unsafe getPipelineCacheData = try read.required("vkGetPipelineCacheData")
        unsafe createDescriptorPool = try read.required("vkCreateDescriptorPool")
        unsafe destroyDescriptorPool = try read.required("vkDestroyDescriptorPool")
        unsafe allocateDescriptorSets = try read.required("vkAllocateDescriptorSets")
        unsafe updateDescriptorSets = try read.required("vkUpdateDescriptorSets")
        unsafe createCommandPool = try read.required("vkCreateCommandPool")
        unsafe destroyCommandPool = try read.required("vkDestroyCommandPool")
        unsafe allocateCommandBuffers = try read.required("vkAllocateCommandBuffers")
        unsafe beginCommandBuffer = try read.required("vkBeginCommandBuffer")
        unsafe endCommandBuffer = try read.required("vkEndCommandBuffer")
        unsafe cmdBindPipeline = try read.required("vkCmdBindPipeline")
        unsafe cmdBindDescriptorSets = try read.required("vkCmdBindDescriptorSets")
        unsafe cmdPushConstants = try read.required("vkCmdPushConstants")
        unsafe cmdDispatch = try read.required("vkCmdDispatch")
        unsafe cmdPipelineBarrier = try read.required("vkCmdPipelineBarrier")
        unsafe cmdCopyBuffer = try read.required("vkCmdCopyBuffer")
        unsafe cmdFillBuffer = try read.required("vkCmdFillBuffer")
        unsafe createQueryPool = try read.required("vkCreateQueryPool")
        unsafe destroyQueryPool = try read.required("vkDestroyQueryPool")
        unsafe cmdResetQueryPool = try read.required("vkCmdResetQueryPool")
        unsafe cmdWriteTimestamp = try read.required("vkCmdWriteTimestamp")
        unsafe getQueryPoolResults = try read.required("vkGetQueryPoolResults")
        unsafe createFence = try read.required("vkCreateFence")
        unsafe destroyFence = try read.required("vkDestroyFence")
        unsafe resetFences = try read.required("vkResetFences")
        unsafe waitForFences = try read.required("vkWaitForFences")
        unsafe queueSubmit = try read.required("vkQueueSubmit")
        unsafe getPhysicalDeviceExternalBufferProperties = read.optional("vkGetPhysicalDeviceExternalBufferProperties")
        unsafe getMemoryHostPointerProperties = read.optional("vkGetMemoryHostPointerPropertiesEXT")
        unsafe getMemoryFd = read.optional("vkGetMemoryFdKHR")
        unsafe getMemoryFdProperties = read.optional("vkGetMemoryFdPropertiesKHR")
        unsafe getPhysicalDeviceCooperativeMatrixPropertiesKHR = read.optional("vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR")
    }
}

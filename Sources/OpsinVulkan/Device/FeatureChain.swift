internal import CVulkan

/// The feature structures that a device may be asked with, and made with: the same ones, so that nothing is enabled that was not seen.
@safe final class FeatureChain {
    private let chain = StructureChain()
    private let storage16: UnsafeMutablePointer<VkPhysicalDevice16BitStorageFeatures>
    private let arithmetic: UnsafeMutablePointer<VkPhysicalDeviceShaderFloat16Int8Features>?
    private let storage8: UnsafeMutablePointer<VkPhysicalDevice8BitStorageFeatures>?
    private let memoryModel: UnsafeMutablePointer<VkPhysicalDeviceVulkanMemoryModelFeatures>?
    private let cooperative: UnsafeMutablePointer<VkPhysicalDeviceCooperativeMatrixFeaturesNV>?
    private let cooperativeKHR: UnsafeMutablePointer<opsin_cooperative_matrix_features_khr>?
    /// Extensions that a device must be made with for these structures, where its version does not include them.
    let extensions: [String]

    /// All structures that the device knows, with everything off.
    init(_ probe: DeviceProbe) {
        var raw = unsafe VkPhysicalDevice16BitStorageFeatures()
        unsafe raw.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES
        unsafe storage16 = chain.add(raw)
        unsafe arithmetic = FeatureChain.add(
            chain, probe.hasFloat16Int8, VkPhysicalDeviceShaderFloat16Int8Features(), VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES)
        unsafe storage8 = FeatureChain.add(
            chain, probe.has8BitStorage, VkPhysicalDevice8BitStorageFeatures(), VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES)
        unsafe memoryModel = FeatureChain.add(
            chain, probe.hasMemoryModel, VkPhysicalDeviceVulkanMemoryModelFeatures(), VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES)
        unsafe cooperative = FeatureChain.add(
            chain, probe.has("VK_NV_cooperative_matrix"), VkPhysicalDeviceCooperativeMatrixFeaturesNV(),
            VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV)
        unsafe cooperativeKHR = FeatureChain.add(
            chain, probe.has("VK_KHR_cooperative_matrix"), opsin_cooperative_matrix_features_khr(),
            VkStructureType(rawValue: OPSIN_STRUCTURE_TYPE_COOPERATIVE_MATRIX_FEATURES_KHR))
        let sinceVulkan12 = probe.isVulkan12 ? [] : ["VK_KHR_shader_float16_int8", "VK_KHR_8bit_storage", "VK_KHR_vulkan_memory_model"]
        let own = (sinceVulkan12 + ["VK_NV_cooperative_matrix", "VK_KHR_cooperative_matrix"]).filter(probe.has)
        extensions = own + Set(probe.memoryHandles.flatMap(\.extensions)).sorted()
    }

    private static func add<Structure: BitwiseCopyable>(
        _ chain: StructureChain, _ known: Bool, _ empty: Structure, _ type: VkStructureType
    ) -> UnsafeMutablePointer<Structure>? {
        guard known else { return nil }
        let place = unsafe chain.add(empty)
        // Sound: every structure that can be chained begins with its type.
        unsafe UnsafeMutableRawPointer(place).storeBytes(of: type, as: VkStructureType.self)
        return unsafe place
    }

    var head: UnsafeMutableRawPointer? { unsafe chain.head }

    /// What the structures say, after the driver filled them.
    var features: DeviceFeatures {
        var features = DeviceFeatures()
        features.storage16 = unsafe storage16.pointee.storageBuffer16BitAccess != 0
        features.float16 = unsafe (arithmetic?.pointee.shaderFloat16 ?? 0) != 0
        features.int8 = unsafe (arithmetic?.pointee.shaderInt8 ?? 0) != 0
        features.storage8 = unsafe (storage8?.pointee.storageBuffer8BitAccess ?? 0) != 0
        // The second too: with the model on and without it no shader may have an atomic of glslang's, whose scope is always the device.
        features.memoryModel = unsafe (memoryModel?.pointee.vulkanMemoryModel ?? 0) != 0 && (memoryModel?.pointee.vulkanMemoryModelDeviceScope ?? 0) != 0
        features.cooperativeMatrixNV = unsafe (cooperative?.pointee.cooperativeMatrix ?? 0) != 0
        features.cooperativeMatrixKHR = unsafe (cooperativeKHR?.pointee.cooperativeMatrix ?? 0) != 0
        return features
    }

    /// Switches on what `features` has.
    func enable(_ features: DeviceFeatures) {
        let bit = { (on: Bool) -> VkBool32 in on ? 1 : 0 }
        unsafe storage16.pointee.storageBuffer16BitAccess = bit(features.storage16)
        unsafe arithmetic?.pointee.shaderFloat16 = bit(features.float16)
        unsafe arithmetic?.pointee.shaderInt8 = bit(features.int8)
        unsafe storage8?.pointee.storageBuffer8BitAccess = bit(features.storage8)
        unsafe memoryModel?.pointee.vulkanMemoryModel = bit(features.memoryModel)
        unsafe memoryModel?.pointee.vulkanMemoryModelDeviceScope = bit(features.memoryModel)
        unsafe cooperative?.pointee.cooperativeMatrix = bit(features.cooperativeMatrixNV)
        unsafe cooperativeKHR?.pointee.cooperativeMatrix = bit(features.cooperativeMatrixKHR)
    }
}

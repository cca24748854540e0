internal import CVulkan

/// The structures in which three vendors say how many processors a GPU has; chained where the device has the extension.
@safe struct CoreChain {
    private var nvidia: UnsafeMutablePointer<VkPhysicalDeviceShaderSMBuiltinsPropertiesNV>?
    private var amd: UnsafeMutablePointer<VkPhysicalDeviceShaderCorePropertiesAMD>?
    private var arm: UnsafeMutablePointer<VkPhysicalDeviceShaderCoreBuiltinsPropertiesARM>?

    init(_ chain: StructureChain, _ probe: DeviceProbe) {
        if probe.has("VK_NV_shader_sm_builtins") {
            var empty = unsafe VkPhysicalDeviceShaderSMBuiltinsPropertiesNV()
            unsafe empty.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV
            unsafe nvidia = chain.add(empty)
        }
        if probe.has("VK_AMD_shader_core_properties") {
            var empty = unsafe VkPhysicalDeviceShaderCorePropertiesAMD()
            unsafe empty.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD
            unsafe amd = chain.add(empty)
        }
        if probe.has("VK_ARM_shader_core_builtins") {
            var empty = unsafe VkPhysicalDeviceShaderCoreBuiltinsPropertiesARM()
            unsafe empty.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_BUILTINS_PROPERTIES_ARM
            unsafe arm = chain.add(empty)
        }
    }

    /// After the driver filled them: the number of processors; nil where none says it, or says nonsense.
    var count: Int? {
        var count = 0
        if let answer = unsafe nvidia?.pointee { count = unsafe Int(answer.shaderSMCount) }
        if let answer = unsafe arm?.pointee { count = unsafe Int(answer.shaderCoreCount) }
        if let answer = unsafe amd?.pointee {
            let parts = unsafe [answer.shaderEngineCount, answer.shaderArraysPerEngineCount, answer.computeUnitsPerShaderArray].map { min(Int($0), 1024) }
            count = parts.reduce(1, *)
        }
        return (1...65_536).contains(count) ? count : nil
    }
}

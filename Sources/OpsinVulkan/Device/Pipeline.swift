internal import CVulkan

/// A shader variant with its constants, compiled by the driver.
@safe package final class Pipeline: @unchecked Sendable {  // immutable
    package let spirv: SPIRV
    let handle: VkPipeline
    let layout: PipelineLayout
    private let core: DeviceCore

    init(_ core: DeviceCore, _ spirv: SPIRV, constants: [UInt32], layout: PipelineLayout, cache: VkPipelineCache?) throws(VulkanError) {
        let module = try unsafe Pipeline.module(core, spirv)
        defer { unsafe core.vk.destroyShaderModule(core.handle, module, nil) }
        let entries = constants.indices.map { VkSpecializationMapEntry(constantID: UInt32($0), offset: UInt32($0 * 4), size: 4) }
        var pipeline: VkPipeline?
        let result = unsafe constants.withUnsafeBytes { data in
            unsafe entries.withUnsafeBufferPointer { entries in
                var special = unsafe VkSpecializationInfo(
                    mapEntryCount: UInt32(entries.count), pMapEntries: entries.baseAddress, dataSize: data.count, pData: data.baseAddress)
                return unsafe withUnsafePointer(to: &special) { special in
                    unsafe "main".withCString { name in
                        var info = unsafe VkComputePipelineCreateInfo()
                        unsafe info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO
                        unsafe info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO
                        unsafe info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT
                        unsafe info.stage.module = module
                        unsafe info.stage.pName = name
                        unsafe info.stage.pSpecializationInfo = special
                        unsafe info.layout = layout.handle
                        return unsafe core.vk.createComputePipelines(core.handle, cache, 1, &info, nil, &pipeline)
                    }
                }
            }
        }
        try core.note(result, "vkCreateComputePipelines of \(spirv.name)")
        guard let pipeline = unsafe pipeline else { throw VulkanError(.driver, "vkCreateComputePipelines of \(spirv.name) gave no pipeline") }
        unsafe (self.core, self.spirv, self.layout, handle) = (core, spirv, layout, pipeline)
    }

    deinit {
        guard !core.isAbandoned else { return }
        unsafe core.vk.destroyPipeline(core.handle, handle, nil)
    }

    private static func module(_ core: DeviceCore, _ spirv: SPIRV) throws(VulkanError) -> VkShaderModule {
        let words = spirv.words
        var module: VkShaderModule?
        let result = unsafe words.withUnsafeBufferPointer { words in
            var info = unsafe VkShaderModuleCreateInfo()
            unsafe info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO
            unsafe info.codeSize = words.count * 4
            unsafe info.pCode = words.baseAddress
            return unsafe core.vk.createShaderModule(core.handle, &info, nil, &module)
        }
        try core.note(result, "vkCreateShaderModule of \(spirv.name)")
        guard let module = unsafe module else { throw VulkanError(.driver, "vkCreateShaderModule of \(spirv.name) gave no module") }
        return unsafe module
    }
}

/// The interface of all pipelines with the same number of buffers and push constants.
@safe final class PipelineLayout: @unchecked Sendable {  // immutable
    let handle: VkPipelineLayout
    let set: VkDescriptorSetLayout
    private let core: DeviceCore

    init(_ core: DeviceCore, buffers: Int, push: Int) throws(VulkanError) {
        let (vk, device) = unsafe (core.vk, core.handle)
        let bindings = unsafe (0..<buffers).map { index in
            var binding = unsafe VkDescriptorSetLayoutBinding()
            unsafe binding.binding = UInt32(index)
            unsafe binding.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
            unsafe binding.descriptorCount = 1
            unsafe binding.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT.rawValue
            return unsafe binding
        }
        var set: VkDescriptorSetLayout?
        let setResult = unsafe bindings.withUnsafeBufferPointer { bindings in
            var info = unsafe VkDescriptorSetLayoutCreateInfo()
            unsafe info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO
            unsafe info.bindingCount = UInt32(bindings.count)
            unsafe info.pBindings = bindings.baseAddress
            return unsafe vk.createDescriptorSetLayout(device, &info, nil, &set)
        }
        try core.note(setResult, "vkCreateDescriptorSetLayout")
        var range = VkPushConstantRange(stageFlags: VK_SHADER_STAGE_COMPUTE_BIT.rawValue, offset: 0, size: UInt32(push * 4))
        var layout: VkPipelineLayout?
        let result = unsafe withUnsafePointer(to: &set) { set in
            unsafe withUnsafePointer(to: &range) { range in
                var info = unsafe VkPipelineLayoutCreateInfo()
                unsafe info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO
                unsafe info.setLayoutCount = 1
                unsafe info.pSetLayouts = set
                unsafe info.pushConstantRangeCount = push > 0 ? 1 : 0
                unsafe info.pPushConstantRanges = range
                return unsafe vk.createPipelineLayout(device, &info, nil, &layout)
            }
        }
        guard result == VK_SUCCESS, let layout = unsafe layout, let set = unsafe set else {
            unsafe vk.destroyDescriptorSetLayout(device, set, nil)
            throw VulkanError(result, "vkCreatePipelineLayout")
        }
        unsafe (self.core, handle, self.set) = (core, layout, set)
    }

    deinit {
        guard !core.isAbandoned else { return }
        unsafe core.vk.destroyPipelineLayout(core.handle, handle, nil)
        unsafe core.vk.destroyDescriptorSetLayout(core.handle, set, nil)
    }
}

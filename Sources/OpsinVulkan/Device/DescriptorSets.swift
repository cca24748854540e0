internal import CVulkan

/// One descriptor set a dispatch, from a pool of exactly that size.
@safe final class DescriptorSets {
    private(set) var list: [VkDescriptorSet] = unsafe []
    private let core: DeviceCore
    private let pool: VkDescriptorPool?

    init(_ core: DeviceCore, _ dispatches: [Dispatch]) throws(VulkanError) {
        self.core = core
        guard !dispatches.isEmpty else {
            unsafe pool = nil
            return
        }
        let buffers = dispatches.reduce(0) { $0 + $1.buffers.count }
        var size = VkDescriptorPoolSize(type: VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, descriptorCount: UInt32(clamping: max(1, buffers)))
        var made: VkDescriptorPool?
        let result = unsafe withUnsafePointer(to: &size) { size in
            var info = unsafe VkDescriptorPoolCreateInfo()
            unsafe info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO
            unsafe info.maxSets = UInt32(clamping: dispatches.count)
            unsafe info.poolSizeCount = 1
            unsafe info.pPoolSizes = size
            return unsafe core.vk.createDescriptorPool(core.handle, &info, nil, &made)
        }
        unsafe pool = made
        try core.note(result, "vkCreateDescriptorPool")
        for dispatch in dispatches { unsafe list.append(try allocate(dispatch)) }
    }

    deinit {
        guard !core.isAbandoned else { return }
        unsafe core.vk.destroyDescriptorPool(core.handle, pool, nil)
    }

    private func allocate(_ dispatch: Dispatch) throws(VulkanError) -> VkDescriptorSet {
        var (layout, set) = unsafe (dispatch.pipeline.layout.set as VkDescriptorSetLayout?, nil as VkDescriptorSet?)
        let result = unsafe withUnsafePointer(to: &layout) { layout in
            var info = unsafe VkDescriptorSetAllocateInfo()
            unsafe info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO
            unsafe info.descriptorPool = pool
            unsafe info.descriptorSetCount = 1
            unsafe info.pSetLayouts = layout
            return unsafe core.vk.allocateDescriptorSets(core.handle, &info, &set)
        }
        try core.note(result, "vkAllocateDescriptorSets")
        guard let set = unsafe set else { throw VulkanError(.driver, "vkAllocateDescriptorSets gave no set") }
        for (index, view) in dispatch.buffers.enumerated() { unsafe write(set, index, view) }
        return unsafe set
    }

    private func write(_ set: VkDescriptorSet, _ index: Int, _ view: BufferView) {
        var info = unsafe VkDescriptorBufferInfo()
        unsafe info.buffer = view.buffer.block.buffer
        unsafe info.offset = VkDeviceSize(view.blockRange.lowerBound)
        unsafe info.range = VkDeviceSize(view.byteCount)
        unsafe withUnsafePointer(to: &info) { info in
            var write = unsafe VkWriteDescriptorSet()
            unsafe write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET
            unsafe write.dstSet = set
            unsafe write.dstBinding = UInt32(index)
            unsafe write.descriptorCount = 1
            unsafe write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
            unsafe write.pBufferInfo = info
            unsafe core.vk.updateDescriptorSets(core.handle, 1, &write, 0, nil)
        }
    }
}

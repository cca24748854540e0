internal import CVulkan

/// One command buffer with its pool and fence: recorded by one thread, submitted any number of times, one at a time.
@safe final class CommandBuffer {
    let core: DeviceCore
    let handle: VkCommandBuffer
    private let pool: VkCommandPool
    private let fence: VkFence
    private(set) var isRunning = false

    init(_ core: DeviceCore) throws(VulkanError) {
        let (vk, device) = unsafe (core.vk, core.handle)
        var pool: VkCommandPool?, fence: VkFence?, commands: VkCommandBuffer?
        do throws(VulkanError) {
            var poolInfo = unsafe VkCommandPoolCreateInfo()
            unsafe poolInfo.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO
            unsafe poolInfo.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT.rawValue
            unsafe poolInfo.queueFamilyIndex = core.info.queueFamily ?? 0
            try unsafe core.note(vk.createCommandPool(device, &poolInfo, nil, &pool), "vkCreateCommandPool")
            var info = unsafe VkCommandBufferAllocateInfo()
            unsafe info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO
            unsafe info.commandPool = pool
            unsafe info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY
            unsafe info.commandBufferCount = 1
            try unsafe core.note(vk.allocateCommandBuffers(device, &info, &commands), "vkAllocateCommandBuffers")
            var fenceInfo = unsafe VkFenceCreateInfo()
            unsafe fenceInfo.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO
            try unsafe core.note(vk.createFence(device, &fenceInfo, nil, &fence), "vkCreateFence")
        } catch {
            unsafe vk.destroyFence(device, fence, nil)
            unsafe vk.destroyCommandPool(device, pool, nil)
            throw error
        }
        guard let pool = unsafe pool, let fence = unsafe fence, let commands = unsafe commands else {
            throw VulkanError(.driver, "vkAllocateCommandBuffers gave no command buffer")
        }
        unsafe (self.core, self.pool, self.fence, handle) = (core, pool, fence, commands)
    }

    deinit {
        if isRunning { try? wait(milliseconds: 10_000) }
        guard !core.isAbandoned else { return }
        unsafe core.vk.destroyFence(core.handle, fence, nil)
        unsafe core.vk.destroyCommandPool(core.handle, pool, nil)
    }

    /// Records what `body` calls, in place of what was there.
    func record(_ body: (VkCommandBuffer) throws(VulkanError) -> Void) throws(VulkanError) {
        var info = unsafe VkCommandBufferBeginInfo()
        unsafe info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO
        try unsafe core.note(core.vk.beginCommandBuffer(handle, &info), "vkBeginCommandBuffer")
        try unsafe body(handle)
        try unsafe core.note(core.vk.endCommandBuffer(handle), "vkEndCommandBuffer")
    }

    /// Starts the work, that of `earlier` buffers before it in the same submit. `wait` must follow before the next `submit` of any of them.
    func submit(after earlier: [CommandBuffer] = []) throws(VulkanError) {
        guard !isRunning, !earlier.contains(where: \.isRunning) else { throw VulkanError(.argument, "the commands are still running") }
        // After a time-out the fence may still be in use.
        if let failure = core.failure { throw VulkanError(.deviceLost, "the device was lost before: \(failure.description)") }
        var fence: VkFence? = unsafe fence
        try unsafe core.note(core.vk.resetFences(core.handle, 1, &fence), "vkResetFences")
        try unsafe core.submit(earlier.map { unsafe $0.handle } + [handle], self.fence)
        isRunning = true
    }

    /// Waits for the work, if any runs.
    func wait(milliseconds: Int) throws(VulkanError) {
        guard isRunning else { return }
        isRunning = false
        try unsafe core.wait(fence, milliseconds: milliseconds)
    }

    /// Who is ordered by a barrier.
    enum Boundary {
        /// Shaders and copies after shaders and copies.
        case within
        /// The host after everything.
        case toHost
    }

    /// One barrier over all memory: what comes after sees what came before.
    func barrier(_ boundary: Boundary) {
        let work = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT.rawValue | VK_PIPELINE_STAGE_TRANSFER_BIT.rawValue
        var barrier = unsafe VkMemoryBarrier()
        unsafe barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER
        unsafe barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT.rawValue | VK_ACCESS_TRANSFER_WRITE_BIT.rawValue
        let target: VkPipelineStageFlags
        switch boundary {
        case .within:
            target = work
            unsafe barrier.dstAccessMask =
                VK_ACCESS_SHADER_READ_BIT.rawValue | VK_ACCESS_SHADER_WRITE_BIT.rawValue | VK_ACCESS_TRANSFER_READ_BIT.rawValue
                | VK_ACCESS_TRANSFER_WRITE_BIT.rawValue
        case .toHost:
            target = VK_PIPELINE_STAGE_HOST_BIT.rawValue
            unsafe barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT.rawValue
        }
        unsafe core.vk.cmdPipelineBarrier(handle, work, target, 0, 1, &barrier, 0, nil, 0, nil)
    }

    /// Copies `count` bytes between blocks.
    func copy(_ source: MemoryBlock, _ from: Int, _ target: MemoryBlock, _ to: Int, count: Int) {
        var region = VkBufferCopy(srcOffset: VkDeviceSize(from), dstOffset: VkDeviceSize(to), size: VkDeviceSize(count))
        unsafe core.vk.cmdCopyBuffer(handle, source.buffer, target.buffer, 1, &region)
    }
}

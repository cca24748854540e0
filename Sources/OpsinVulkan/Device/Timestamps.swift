internal import CVulkan

/// Readings of the device's clock within a command list.
@safe final class Timestamps {
    private let core: DeviceCore
    private let pool: VkQueryPool
    private let count: Int

    init(_ core: DeviceCore, count: Int) throws(VulkanError) {
        var info = unsafe VkQueryPoolCreateInfo()
        unsafe info.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO
        unsafe info.queryType = VK_QUERY_TYPE_TIMESTAMP
        unsafe info.queryCount = UInt32(clamping: max(1, count))
        var pool: VkQueryPool?
        try unsafe core.note(core.vk.createQueryPool(core.handle, &info, nil, &pool), "vkCreateQueryPool")
        guard let pool = unsafe pool else { throw VulkanError(.driver, "vkCreateQueryPool gave no pool") }
        unsafe (self.core, self.pool, self.count) = (core, pool, count)
    }

    deinit {
        guard !core.isAbandoned else { return }
        unsafe core.vk.destroyQueryPool(core.handle, pool, nil)
    }

    func reset(_ commands: VkCommandBuffer) { unsafe core.vk.cmdResetQueryPool(commands, pool, 0, UInt32(max(1, count))) }

    /// Reads the clock when earlier commands have started (`before`) or ended.
    func write(_ commands: VkCommandBuffer, _ index: Int, before: Bool) {
        let stage = before ? VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT : VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT
        unsafe core.vk.cmdWriteTimestamp(commands, stage, pool, UInt32(index))
    }

    /// The ticks of the last run.
    func read() throws(VulkanError) -> [UInt64] {
        guard count > 0 else { return [] }
        var ticks = [UInt64](repeating: 0, count: count)
        let flags = VK_QUERY_RESULT_64_BIT.rawValue
        let result = unsafe ticks.withUnsafeMutableBytes { ticks in
            unsafe core.vk.getQueryPoolResults(core.handle, pool, 0, UInt32(count), ticks.count, ticks.baseAddress, 8, flags)
        }
        try core.note(result, "vkGetQueryPoolResults")
        return ticks
    }
}

internal import CVulkan

/// One allocation of the driver with one buffer over all of it, mapped for its whole life where the host sees it.
@safe final class MemoryBlock: @unchecked Sendable {  // `ranges` is used only under the pool's lock
    let size: Int
    let use: MemoryUse
    let buffer: VkBuffer
    /// The host's address of byte 0; nil where the host does not see the memory.
    let mapped: UnsafeMutableRawPointer?
    private let core: DeviceCore
    /// Nil for a buffer that is somebody else's.
    let memory: VkDeviceMemory?
    private let isBorrowed: Bool
    private let coherent: Bool
    private var ranges: RangeAllocator

    init(_ core: DeviceCore, type: UInt32, flags: UInt32, size: Int, use: MemoryUse) throws(VulkanError) {
        let (vk, device) = unsafe (core.vk, core.handle)
        let buffer = try unsafe MemoryBlock.makeBuffer(core, size)
        var needs = VkMemoryRequirements()
        unsafe vk.getBufferMemoryRequirements(device, buffer, &needs)
        var (memory, pointer) = unsafe (nil as VkDeviceMemory?, nil as UnsafeMutableRawPointer?)
        do throws(VulkanError) {
            var allocate = unsafe VkMemoryAllocateInfo()
            unsafe allocate.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO
            unsafe allocate.allocationSize = max(needs.size, VkDeviceSize(size))
            unsafe allocate.memoryTypeIndex = type
            try unsafe core.note(vk.allocateMemory(device, &allocate, nil, &memory), "vkAllocateMemory of \(size) bytes")
            try unsafe core.note(vk.bindBufferMemory(device, buffer, memory, 0), "vkBindBufferMemory")
            if flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT.rawValue != 0 {
                try unsafe core.note(vk.mapMemory(device, memory, 0, VkDeviceSize.max, 0, &pointer), "vkMapMemory")
            }
        } catch {
            unsafe vk.destroyBuffer(device, buffer, nil)
            unsafe vk.freeMemory(device, memory, nil)
            throw error
        }
        guard let memory = unsafe memory else { throw VulkanError(.driver, "vkAllocateMemory gave no memory") }
        unsafe (self.core, self.size, self.use, self.buffer, self.memory, mapped) = (core, size, use, buffer, memory, pointer)
        isBorrowed = false
        coherent = flags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT.rawValue != 0
        ranges = RangeAllocator(size: size)
    }

    /// Memory that others have too. What the host sees of it is coherent.
    init(_ core: DeviceCore, _ foreign: ForeignMemory) {
        unsafe (self.core, size, use, buffer, memory, mapped) = (core, foreign.size, MemoryUse.upload, foreign.buffer, foreign.memory, foreign.mapped)
        unsafe (isBorrowed, coherent) = (foreign.isBorrowed, true)
        ranges = RangeAllocator(size: unsafe foreign.size)
    }

    deinit {
        guard !core.isAbandoned, !isBorrowed else { return }
        unsafe core.vk.destroyBuffer(core.handle, buffer, nil)
        unsafe core.vk.freeMemory(core.handle, memory, nil)
    }

    var isEmpty: Bool { ranges.isEmpty }

    func take(_ count: Int, alignment: Int) -> Range<Int>? { ranges.allocate(count, alignment: alignment) }

    func give(_ range: Range<Int>) { ranges.release(range) }

    /// Makes the host's writes to `range` visible to the device.
    func flush(_ range: Range<Int>) throws(VulkanError) {
        guard !coherent else { return }
        var lines = unsafe lines(range)
        try unsafe core.note(core.vk.flushMappedMemoryRanges(core.handle, 1, &lines), "vkFlushMappedMemoryRanges")
    }

    /// Makes the device's writes to `range` visible to the host.
    func invalidate(_ range: Range<Int>) throws(VulkanError) {
        guard !coherent else { return }
        var lines = unsafe lines(range)
        try unsafe core.note(core.vk.invalidateMappedMemoryRanges(core.handle, 1, &lines), "vkInvalidateMappedMemoryRanges")
    }

    private func lines(_ range: Range<Int>) -> VkMappedMemoryRange {
        let atom = core.info.limits.atomSize
        let start = range.lowerBound / atom * atom
        let end = min(size, (range.upperBound + atom - 1) / atom * atom)
        var lines = unsafe VkMappedMemoryRange()
        unsafe lines.sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE
        unsafe lines.memory = memory
        unsafe lines.offset = VkDeviceSize(start)
        unsafe lines.size = end == size ? VkDeviceSize.max : VkDeviceSize(end - start)
        return unsafe lines
    }

    /// The memory types that a buffer of ours may live in: the same for every size.
    static func allowedTypes(_ core: DeviceCore) throws(VulkanError) -> UInt32 {
        let buffer = try unsafe makeBuffer(core, 65_536)
        var needs = VkMemoryRequirements()
        unsafe core.vk.getBufferMemoryRequirements(core.handle, buffer, &needs)
        unsafe core.vk.destroyBuffer(core.handle, buffer, nil)
        return needs.memoryTypeBits
    }

    /// What our buffers are for.
    static let usage: VkBufferUsageFlags =
        VK_BUFFER_USAGE_STORAGE_BUFFER_BIT.rawValue | VK_BUFFER_USAGE_TRANSFER_SRC_BIT.rawValue | VK_BUFFER_USAGE_TRANSFER_DST_BIT.rawValue

    static func makeBuffer(_ core: DeviceCore, _ size: Int, next: UnsafeRawPointer? = nil) throws(VulkanError) -> VkBuffer {
        var info = unsafe VkBufferCreateInfo()
        unsafe info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO
        unsafe info.size = VkDeviceSize(size)
        unsafe info.pNext = next
        unsafe info.usage = MemoryBlock.usage
        unsafe info.sharingMode = VK_SHARING_MODE_EXCLUSIVE
        var buffer: VkBuffer?
        try unsafe core.note(core.vk.createBuffer(core.handle, &info, nil, &buffer), "vkCreateBuffer of \(size) bytes")
        guard let buffer = unsafe buffer else { throw VulkanError(.driver, "vkCreateBuffer gave no buffer") }
        return unsafe buffer
    }
}

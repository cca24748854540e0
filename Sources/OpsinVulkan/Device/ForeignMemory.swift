internal import CVulkan
internal import Glibc

/// How memory is named to somebody outside of this device.
package enum MemoryHandle: Hashable, Sendable, CaseIterable {
    /// Memory of the host, by its address.
    case host
    /// Memory of the same driver, by a file descriptor.
    case opaqueFD
    /// A dma-buf of the kernel, by a file descriptor.
    case dmaBuf

    /// The device extensions that it takes.
    var extensions: [String] {
        switch self {
        case .host: ["VK_EXT_external_memory_host"]
        case .opaqueFD: ["VK_KHR_external_memory_fd"]
        case .dmaBuf: ["VK_KHR_external_memory_fd", "VK_EXT_external_memory_dma_buf"]
        }
    }

    var type: VkExternalMemoryHandleTypeFlagBits {
        switch self {
        case .host: VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT
        case .opaqueFD: VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT
        case .dmaBuf: VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
        }
    }

    /// What messages call it.
    var name: String { self == .host ? "host memory" : self == .opaqueFD ? "opaque file descriptors" : "dma-bufs" }
}

extension Device {
    /// The caller's memory as a buffer, without a copy. Address and size are multiples of the device's own number, at most 4096 on the drivers that we know;
    /// the memory outlives the buffer.
    @unsafe package func share(_ address: UnsafeMutableRawPointer, byteCount: Int) throws(VulkanError) -> Buffer {
        try checkSharing(.host)
        let step = info.limits.hostPointerAlignment
        guard UInt(bitPattern: address) % UInt(step) == 0, byteCount % step == 0 else {
            let found = String(UInt(bitPattern: address), radix: 16)
            throw VulkanError(.argument, "\(info.name) shares host memory in whole pieces of \(step) bytes, found \(byteCount) bytes at 0x\(found)")
        }
        guard let ask = unsafe core.vk.getMemoryHostPointerProperties else {
            throw VulkanError(.unsupported, "the driver has no vkGetMemoryHostPointerPropertiesEXT")
        }
        var properties = unsafe VkMemoryHostPointerPropertiesEXT()
        unsafe properties.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT
        let result = unsafe ask(core.handle, MemoryHandle.host.type, address, &properties)
        try core.note(result, "vkGetMemoryHostPointerPropertiesEXT")
        var given = unsafe VkImportMemoryHostPointerInfoEXT()
        unsafe given.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT
        unsafe given.handleType = MemoryHandle.host.type
        unsafe given.pHostPointer = address
        let chain = StructureChain()
        _ = unsafe chain.add(given)
        return try unsafe foreign(.host, byteCount, chain, types: properties.memoryTypeBits, mapped: address)
    }

    /// The memory behind a file descriptor, which stays the caller's.
    package func share(fileDescriptor: Int32, _ handle: MemoryHandle, byteCount: Int) throws(VulkanError) -> Buffer {
        try checkSharing(handle, VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT)
        var types = UInt32.max
        if handle == .dmaBuf, let ask = unsafe core.vk.getMemoryFdProperties {
            var properties = unsafe VkMemoryFdPropertiesKHR()
            unsafe properties.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR
            let result = unsafe ask(core.handle, handle.type, fileDescriptor, &properties)
            guard result == VK_SUCCESS else { throw VulkanError(.argument, "file descriptor \(fileDescriptor) is no dma-buf that \(info.name) takes") }
            unsafe types = properties.memoryTypeBits
        }
        // The driver takes over what it is given, also where a later step fails: it is given a copy.
        let copy = fcntl(fileDescriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw VulkanError(.argument, "\(fileDescriptor) is no open file descriptor") }
        var given = unsafe VkImportMemoryFdInfoKHR()
        unsafe given.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR
        unsafe given.handleType = handle.type
        unsafe given.fd = copy
        let chain = StructureChain()
        _ = unsafe chain.add(given)
        return try unsafe foreign(handle, byteCount, chain, types: types) { close(copy) }
    }

    /// New memory with a file descriptor for others, which the caller closes.
    package func shareable(_ handle: MemoryHandle, byteCount: Int) throws(VulkanError) -> (buffer: Buffer, fileDescriptor: Int32) {
        guard handle != .host else { throw VulkanError(.argument, "host memory has no file descriptor") }
        try checkSharing(handle, VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT)
        guard let export = unsafe core.vk.getMemoryFd else { throw VulkanError(.unsupported, "the driver has no vkGetMemoryFdKHR") }
        var wanted = unsafe VkExportMemoryAllocateInfo()
        unsafe wanted.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO
        unsafe wanted.handleTypes = VkExternalMemoryHandleTypeFlags(handle.type.rawValue)
        let chain = StructureChain()
        _ = unsafe chain.add(wanted)
        let buffer = try unsafe foreign(handle, byteCount, chain)
        var info = unsafe VkMemoryGetFdInfoKHR()
        unsafe info.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR
        unsafe info.memory = buffer.block.memory
        unsafe info.handleType = handle.type
        var descriptor: Int32 = -1
        try core.note(unsafe export(core.handle, &info, &descriptor), "vkGetMemoryFdKHR")
        return (buffer, descriptor)
    }

    /// A `VkBuffer` of the application's, on its device; it has at least `byteCount` bytes, may be copied from, and outlives the answer.
    @unsafe package func share(vulkanBuffer: UnsafeMutableRawPointer, byteCount: Int) throws(VulkanError) -> Buffer {
        guard core.instance.shared != nil else { throw VulkanError(.unsupported, "a VkBuffer belongs to a device that we do not share") }
        let block = unsafe MemoryBlock(core, ForeignMemory(buffer: OpaquePointer(vulkanBuffer), memory: nil, size: byteCount, isBorrowed: true))
        return try whole(block, byteCount)
    }

    private func whole(_ block: MemoryBlock, _ byteCount: Int) throws(VulkanError) -> Buffer {
        guard let range = block.take(byteCount, alignment: 1) else { throw VulkanError(.argument, "a buffer of \(byteCount) bytes") }
        return Buffer(memory, block, range, byteCount: byteCount)
    }

    /// Throws where the device cannot share memory so.
    private func checkSharing(_ handle: MemoryHandle, _ feature: VkExternalMemoryFeatureFlagBits? = nil) throws(VulkanError) {
        guard info.features.memoryHandles.contains(handle) else {
            throw VulkanError(.unsupported, "\(info.name) does not share \(handle.name): it lacks \(handle.extensions.joined(separator: ", "))")
        }
        guard let feature, let ask = unsafe core.vk.getPhysicalDeviceExternalBufferProperties else { return }
        var question = unsafe VkPhysicalDeviceExternalBufferInfo()
        unsafe question.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO
        unsafe question.usage = MemoryBlock.usage
        unsafe question.handleType = handle.type
        var answer = unsafe VkExternalBufferProperties()
        unsafe answer.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES
        unsafe ask(core.physical, &question, &answer)
        guard unsafe answer.externalMemoryProperties.externalMemoryFeatures & feature.rawValue != 0 else {
            let verb = feature == VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT ? "import" : "export"
            throw VulkanError(.unsupported, "\(info.name) does not \(verb) \(handle.name)")
        }
    }

    /// A buffer over memory that `chain` describes. `failed` is called where the driver did not take the memory.
    private func foreign(
        _ handle: MemoryHandle, _ byteCount: Int, _ chain: StructureChain, types: UInt32 = .max, mapped: UnsafeMutableRawPointer? = nil,
        failed: () -> Void = {}
    ) throws(VulkanError) -> Buffer {
        let block: MemoryBlock
        do throws(VulkanError) {
            guard byteCount >= 1, byteCount <= info.limits.maximumAllocation else {
                throw VulkanError(.outOfMemory, "a buffer of \(byteCount) bytes: \(info.name) allows \(info.limits.maximumAllocation)")
            }
            block = try unsafe MemoryBlock(core, handle, byteCount, chain, types: types, memory.visibleTypes, mapped: mapped)
        } catch {
            failed()
            throw error
        }
        return try whole(block, byteCount)
    }
}

/// What a block of memory that others have too is made of.
@unsafe struct ForeignMemory {
    let buffer: VkBuffer
    let memory: VkDeviceMemory?
    let size: Int
    var mapped: UnsafeMutableRawPointer?
    /// The buffer is somebody else's to destroy.
    var isBorrowed = false
}

extension MemoryBlock {
    /// A buffer and memory that `chain` describes, of the first of `wanted` that is allowed; mapped where the host sees it, unless it is the host's own.
    convenience init(
        _ core: DeviceCore, _ handle: MemoryHandle, _ size: Int, _ chain: StructureChain, types: UInt32, _ wanted: [Int], mapped: UnsafeMutableRawPointer?
    ) throws(VulkanError) {
        let (vk, device) = unsafe (core.vk, core.handle)
        var external = unsafe VkExternalMemoryBufferCreateInfo()
        unsafe external.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO
        unsafe external.handleTypes = VkExternalMemoryHandleTypeFlags(handle.type.rawValue)
        let buffer = try unsafe withUnsafePointer(to: &external) { (next) throws(VulkanError) in try unsafe MemoryBlock.makeBuffer(core, size, next: next) }
        var (memory, pointer) = unsafe (nil as VkDeviceMemory?, mapped)
        do throws(VulkanError) {
            var needs = VkMemoryRequirements()
            unsafe vk.getBufferMemoryRequirements(device, buffer, &needs)
            guard let type = wanted.first(where: { needs.memoryTypeBits & types & (1 << UInt32($0)) != 0 }) else {
                throw VulkanError(.unsupported, "\(core.info.name) has no memory that the host sees for \(handle.name)")
            }
            var dedicated = unsafe VkMemoryDedicatedAllocateInfo()
            unsafe dedicated.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO
            unsafe dedicated.buffer = buffer
            // Some drivers want it for what they share by descriptors; none minds. Host memory may not have it.
            if handle != .host { _ = unsafe chain.add(dedicated) }
            var allocate = unsafe VkMemoryAllocateInfo()
            unsafe allocate.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO
            unsafe allocate.pNext = UnsafeRawPointer(chain.head)
            unsafe allocate.allocationSize = handle == .host ? VkDeviceSize(size) : max(needs.size, VkDeviceSize(size))
            unsafe allocate.memoryTypeIndex = UInt32(type)
            try unsafe core.note(vk.allocateMemory(device, &allocate, nil, &memory), "vkAllocateMemory of \(size) bytes of \(handle.name)")
            try unsafe core.note(vk.bindBufferMemory(device, buffer, memory, 0), "vkBindBufferMemory")
            if unsafe pointer == nil { try unsafe core.note(vk.mapMemory(device, memory, 0, VkDeviceSize.max, 0, &pointer), "vkMapMemory") }
        } catch {
            unsafe vk.destroyBuffer(device, buffer, nil)
            unsafe vk.freeMemory(device, memory, nil)
            throw error
        }
        withExtendedLifetime(chain) {}
        unsafe self.init(core, ForeignMemory(buffer: buffer, memory: memory, size: size, mapped: pointer))
    }
}

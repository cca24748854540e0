internal import CVulkan
internal import Synchronization

/// What a buffer is for; it decides the kind of memory.
package enum MemoryUse: Int, CaseIterable, Sendable {
    /// Weights and activations: fast for the device. Mapped only where all memory is one.
    case device
    /// Written by the host, read once by the device.
    case upload
    /// Written by the device, read by the host, through its caches.
    case readback
}

/// Buffers from big blocks: a driver allows few allocations (4096 at least), and each is slow.
package final class MemoryPool: Sendable {
    private let core: DeviceCore
    private let types: [VkMemoryType]
    /// Which memory types a buffer of ours may live in.
    private let allowedTypes: UInt32
    private let blocks = Mutex<[MemoryBlock]>([])
    /// Size of a new block, before any failure.
    package static let blockBytes = 64 << 20

    init(_ core: DeviceCore) throws(VulkanError) {
        var memory = VkPhysicalDeviceMemoryProperties()
        unsafe core.instance.functions.getPhysicalDeviceMemoryProperties(core.physical, &memory)
        (self.core, types) = (core, memory.types)
        allowedTypes = try MemoryBlock.allowedTypes(core)
    }

    /// Bytes that the driver has given us.
    package var reservedBytes: Int { blocks.withLock { $0.reduce(0) { $0 + $1.size } } }

    /// Memory types that the host sees without flushing, those of the device first: where shared memory lives.
    var visibleTypes: [Int] {
        let wish = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT.rawValue | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT.rawValue
        let seen = types.indices.filter { types[$0].propertyFlags & wish == wish && types[$0].propertyFlags & 0xc0 == 0 }
        let local = seen.filter { types[$0].propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT.rawValue != 0 }
        return local + seen.filter { !local.contains($0) }
    }

    /// A buffer of at least one byte. Its contents are undefined.
    package func allocate(_ byteCount: Int, _ use: MemoryUse) throws(VulkanError) -> Buffer {
        let limits = core.info.limits
        let alignment = max(limits.storageAlignment, limits.atomSize, 64)
        // Whole 64-byte lines, so that a kernel that works on quads may read past the last element.
        let (rounded, overflow) = max(1, byteCount).addingReportingOverflow(63)
        guard !overflow, byteCount >= 0, rounded <= limits.maximumAllocation else {
            throw VulkanError(.outOfMemory, "a buffer of \(byteCount) bytes: \(core.info.name) allows \(limits.maximumAllocation)")
        }
        let size = rounded & ~63
        let kinds = candidates(use)
        let result: Result<Buffer, VulkanError> = blocks.withLock { blocks in
            for block in blocks where block.use == use {
                if let range = block.take(size, alignment: alignment) { return .success(Buffer(self, block, range, byteCount: byteCount)) }
            }
            var failure = VulkanError(.unsupported, "\(core.info.name) has no memory for \(use) buffers")
            for kind in kinds {
                do throws(VulkanError) {
                    let block = try newBlock(size, kind, use)
                    blocks.append(block)
                    if let range = block.take(size, alignment: alignment) { return .success(Buffer(self, block, range, byteCount: byteCount)) }
                } catch {
                    failure = error
                    guard error.code == .outOfMemory else { break }
                }
            }
            return .failure(failure)
        }
        return try result.get()
    }

    /// Gives a range back; a block that is empty goes back to the driver.
    func release(_ block: MemoryBlock, _ range: Range<Int>) {
        blocks.withLock { blocks in
            block.give(range)
            if block.isEmpty { blocks.removeAll { $0 === block } }
        }
    }

    /// A block of the usual size; halved, down to what is needed, while the driver has no memory.
    private func newBlock(_ needed: Int, _ kind: Int, _ use: MemoryUse) throws(VulkanError) -> MemoryBlock {
        let usual = use == .device ? MemoryPool.blockBytes : MemoryPool.blockBytes / 8
        var size = max(needed, min(usual, core.info.limits.maximumAllocation))
        while true {
            do throws(VulkanError) {
                return try MemoryBlock(core, type: UInt32(kind), flags: types[kind].propertyFlags, size: size, use: use)
            } catch {
                guard error.code == .outOfMemory, size > needed else { throw error }
                size = max(needed, size / 2)
            }
        }
    }

    /// Indices of memory types that serve `use`, best first.
    private func candidates(_ use: MemoryUse) -> [Int] {
        let local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT.rawValue
        let visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT.rawValue
        let coherent = VK_MEMORY_PROPERTY_HOST_COHERENT_BIT.rawValue
        let cached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT.rawValue
        let wishes: [UInt32] =
            switch use {
            case .device: [local, 0]
            case .upload: [visible | coherent, visible]
            case .readback: [visible | cached | coherent, visible | cached, visible | coherent, visible]
            }
        var list: [Int] = []
        for wish in wishes {
            for (index, type) in types.enumerated() where allowedTypes & (1 << UInt32(index)) != 0 && type.propertyFlags & wish == wish {
                // AMD's device-coherent types are slow and need a feature of their own.
                if type.propertyFlags & 0xc0 == 0, !list.contains(index) { list.append(index) }
            }
        }
        return list
    }
}

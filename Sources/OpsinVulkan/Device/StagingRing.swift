/// Brings bytes to buffers that the host does not see, through a few mapped pieces that are used in turn: while one is copied, the next is filled.
package final class StagingRing {
    private struct Slot {
        let memory: Buffer
        let commands: CommandBuffer
    }

    private let device: Device
    private var slots: [Slot] = []
    private var next = 0
    package static let slotBytes = 4 << 20
    package static let slotCount = 2

    /// Takes memory at the first upload that needs it.
    package init(_ device: Device) { self.device = device }

    /// Copies `bytes` to `offset` of `target`; done for sure after `finish`. The bytes may go when the call returns.
    package func upload(_ bytes: RawSpan, to target: Buffer, at offset: Int = 0) throws(VulkanError) {
        guard offset >= 0, bytes.byteCount <= target.byteCount, offset <= target.byteCount - bytes.byteCount else {
            throw VulkanError(.argument, "upload of \(bytes.byteCount) bytes to offset \(offset) of a buffer of \(target.byteCount)")
        }
        if target.isMapped { return try target.write(bytes, at: offset) }
        var done = 0
        while done < bytes.byteCount {
            let count = min(StagingRing.slotBytes, bytes.byteCount - done)
            let slot = try takeSlot()
            try slot.memory.write(bytes.extracting(done..<done + count))
            let position = target.range.lowerBound + offset + done
            try unsafe slot.commands.record { _ throws(VulkanError) in
                slot.commands.copy(slot.memory.block, slot.memory.range.lowerBound, target.block, position, count: count)
            }
            try slot.commands.submit()
            done += count
        }
    }

    /// Copies numbers to byte `offset` of `target`.
    package func upload<Element: BitwiseCopyable>(_ values: [Element], to target: Buffer, at offset: Int = 0) throws(VulkanError) {
        try unsafe upload(values.span.bytes, to: target, at: offset)
    }

    /// Waits until every upload has arrived.
    package func finish() throws(VulkanError) {
        for slot in slots { try slot.commands.wait(milliseconds: device.timeoutMilliseconds) }
    }

    /// A slot whose last copy has ended.
    private func takeSlot() throws(VulkanError) -> Slot {
        if slots.count < StagingRing.slotCount {
            let slot = Slot(memory: try device.memory.allocate(StagingRing.slotBytes, .upload), commands: try CommandBuffer(device.core))
            slots.append(slot)
            return slot
        }
        next = (next + 1) % slots.count
        try slots[next].commands.wait(milliseconds: device.timeoutMilliseconds)
        return slots[next]
    }
}

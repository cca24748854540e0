internal import Synchronization

/// What the plans of one model on one device share: packed weights and parameters in the device's memory. Each stays as long as a plan uses it, so that a
/// second plan, for another shape or of another session, packs and uploads nothing that is there. Any thread.
package final class DeviceWeights: Sendable {
    /// A buffer that the plans own.
    private struct Entry {
        weak var buffer: Buffer?
    }

    package let device: Device
    private let entries = Mutex<[String: Entry]>([:])

    package init(_ device: Device) { self.device = device }

    /// The buffer called `key`; where no plan has it, `make` makes it and submits the upload of its bytes. Later submits to the device's one queue see them.
    func buffer(_ key: String, _ make: () throws(VulkanError) -> Buffer) throws(VulkanError) -> Buffer {
        try entries.withLock { (entries) throws(VulkanError) in
            if let known = entries[key]?.buffer { return known }
            let buffer = try make()
            entries[key] = Entry(buffer: buffer)
            return buffer
        }
    }

    /// Bytes of the buffers that some plan uses.
    package var byteCount: Int { entries.withLock { $0.values.reduce(0) { $0 + ($1.buffer?.byteCount ?? 0) } } }

    /// How many they are.
    package var count: Int { entries.withLock { $0.values.count { $0.buffer != nil } } }
}

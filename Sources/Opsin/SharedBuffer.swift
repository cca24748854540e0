internal import Glibc
package import OpsinVulkan
internal import Synchronization

/// Memory of somebody else's, or for somebody else, that runs read without a copy on the host's side. Any thread.
@safe package final class SharedBuffer: @unchecked Sendable {  // the address never changes; its owner keeps others off the bytes while a run reads them
    /// Where a buffer comes from.
    @unsafe package enum Source {
        /// The caller's memory, aligned to 4096 bytes, until the buffer is closed.
        case host(UnsafeMutableRawPointer)
        /// A descriptor of memory; the buffer takes it over where it can be made.
        case fileDescriptor(Int32, MemoryHandle)
        /// A `VkBuffer` of the application's device, until the buffer is closed.
        case vulkan(UnsafeMutableRawPointer)
    }

    package let byteCount: Int
    /// Where the host sees it; nil where it does not.
    private let address: UnsafeMutableRawPointer?
    private let memory: Mutex<Buffer?>
    private let device: OpsinVulkan.Device?
    private let uses = Monitor(Uses())

    private struct Uses: Sendable {
        var count = 0
        var isClosed = false
    }

    /// Makes memory of somebody else's usable on the device of `runtime`.
    package init(_ runtime: Runtime, _ source: Source, byteCount: Int) throws(OpsinError) {
        guard byteCount >= 1 else { throw OpsinError(.argument, "byteCount is \(byteCount), expected at least 1") }
        let device = runtime.vulkanDevice
        do throws(VulkanError) {
            switch unsafe source {
            case .host(let address):
                guard UInt(bitPattern: address) % 4096 == 0 else {
                    throw VulkanError(.argument, "the address is 0x\(String(UInt(bitPattern: address), radix: 16)), expected a multiple of 4096")
                }
                let buffer = try unsafe device?.share(address, byteCount: byteCount)
                memory = Mutex(buffer)
                unsafe self.address = address
            case .fileDescriptor(let descriptor, let handle):
                guard let device else { throw VulkanError(.unsupported, "the runtime computes on the CPU, which takes no file descriptors of memory") }
                let buffer = try device.share(fileDescriptor: descriptor, handle, byteCount: byteCount)
                memory = Mutex(buffer)
                unsafe address = buffer.address
                _ = Glibc.close(descriptor)
            case .vulkan(let handle):
                guard let device else { throw VulkanError(.unsupported, "the runtime computes on the CPU, which has no VkBuffer") }
                let buffer = try unsafe device.share(vulkanBuffer: handle, byteCount: byteCount)
                memory = Mutex(buffer)
                unsafe address = nil
            }
        } catch {
            throw OpsinError(sharing: error)
        }
        (self.device, self.byteCount) = (device, byteCount)
    }

    /// Makes memory that others can import by the descriptor, which the caller closes.
    package init(_ runtime: Runtime, exporting handle: MemoryHandle, byteCount: Int, fileDescriptor: inout Int32) throws(OpsinError) {
        guard byteCount >= 1 else { throw OpsinError(.argument, "byteCount is \(byteCount), expected at least 1") }
        guard let device = runtime.vulkanDevice else { throw OpsinError(.unsupported, "the runtime computes on the CPU, which exports no memory") }
        do throws(VulkanError) {
            let (buffer, descriptor) = try device.shareable(handle, byteCount: byteCount)
            memory = Mutex(buffer)
            unsafe address = buffer.address
            fileDescriptor = descriptor
        } catch {
            throw OpsinError(sharing: error)
        }
        (self.device, self.byteCount) = (device, byteCount)
    }

    /// Begins a use; `close()` waits for its end. Throws after `close()`.
    package func begin() throws(OpsinError) {
        let isOpen = uses.change { uses -> Bool in
            if !uses.isClosed { uses.count += 1 }
            return !uses.isClosed
        }
        if !isOpen { throw OpsinError(.argument, "the buffer was released") }
    }

    /// Ends a use.
    package func end() { uses.change { $0.count -= 1 } }

    /// Waits for the uses, then lets go of the memory.
    package func close() {
        uses.change { $0.isClosed = true }
        _ = uses.wait { uses -> Bool? in uses.count == 0 ? true : nil }
        memory.withLock { $0 = nil }
    }

    /// Where byte `offset` is, with `count` more behind it.
    @unsafe package func address(_ offset: UInt64, count: Int) throws(OpsinError) -> UnsafeRawPointer {
        let offset = try checked(offset, count)
        guard let address = unsafe address else {
            throw OpsinError(.unsupported, "the host does not see that buffer: only opsin_run_tensors reads it, in NHWC and fp32, on its device")
        }
        return unsafe UnsafeRawPointer(address) + offset
    }

    /// The bytes as a buffer of `device`; nil where they are another's.
    func view(on device: OpsinVulkan.Device, _ offset: UInt64, count: Int) throws(OpsinError) -> BufferView? {
        let offset = try checked(offset, count)
        guard let buffer = memory.withLock({ $0 }), self.device === device else { return nil }
        return BufferView(buffer: buffer, offset: offset, byteCount: count)
    }

    /// Throws unless a tensor of that many bytes lies there.
    package func check(_ offset: UInt64, count: Int) throws(OpsinError) {
        guard try checked(offset, count) % 16 == 0 else { throw OpsinError(.argument, "buffer_offset is \(offset), expected a multiple of 16") }
    }

    private func checked(_ offset: UInt64, _ count: Int) throws(OpsinError) -> Int {
        guard let start = Int(exactly: offset), count >= 0, count <= byteCount, start <= byteCount - count else {
            throw OpsinError(.argument, "bytes \(offset) to \(offset) + \(count) are outside of a buffer of \(byteCount)")
        }
        return start
    }
}

extension OpsinError {
    fileprivate init(sharing error: VulkanError) {
        let code: Code =
            switch error.code {
            case .argument: .argument
            case .unsupported: .unsupported
            default: .device
            }
        self.init(code, error.description)
    }
}

/// A tensor in shared memory: `[images, height, width, 3]`, fp32, dense.
package struct SharedTensor: Sendable {
    let buffer: SharedBuffer
    let offset: UInt64
    let key: PlanCache.Key

    package init(_ buffer: SharedBuffer, offset: UInt64, batch: Int, height: Int, width: Int) {
        (self.buffer, self.offset, key) = (buffer, offset, PlanCache.Key(batch: batch, height: height, width: width))
    }

    var count: Int { key.batch * key.height * key.width * 3 }

    /// Throws unless the tensor lies within its buffer.
    func check() throws(OpsinError) { try buffer.check(offset, count: count * 4) }

    /// A copy on the host.
    func values() throws(OpsinError) -> [Float] {
        let source = try unsafe buffer.address(offset, count: count * 4)
        return unsafe [Float](unsafeUninitializedCapacity: count) { out, filled in
            unsafe UnsafeMutableRawBufferPointer(out).copyMemory(from: UnsafeRawBufferPointer(start: source, count: count * 4))
            filled = count
        }
    }
}

extension CompiledPlan {
    /// Runs on what is in shared memory, which the device reads itself; nil where it cannot: another device's memory, an input in fp16, a first op on the CPU.
    func run(_ tensor: SharedTensor) throws(PlanFailure) -> [[Float]]? {
        guard case .vulkan(let plan) = self, let entry = plan.entry, entry.inputStorage.first == .f32 else { return nil }
        let view: BufferView?
        do throws(OpsinError) {
            view = try tensor.buffer.view(on: entry.device, tensor.offset, count: tensor.count * 4)
        } catch {
            throw PlanFailure(error.description)
        }
        guard let view else { return nil }
        let first: [[Float]]
        do throws(VulkanError) {
            let input = try entry.inputView(0)
            let target = BufferView(buffer: input.buffer, offset: input.offset, byteCount: view.byteCount)
            first = try entry.run([nil], before: CommandList(entry.device, [.copy(view, to: target)]))
        } catch {
            throw PlanFailure(error)
        }
        return try plan.finish(first)
    }
}

public import COpsin
internal import Opsin
internal import OpsinVulkan

/// The application's functions around every use of its queue. Sound: we hand `user` on and do not look at it.
@safe private struct QueueLock: @unchecked Sendable {
    let function: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let user: UnsafeMutableRawPointer?

    func call() { unsafe function(user) }
}

extension SharedDevice {
    /// The caller's handles. What they are handles of, nobody can check.
    init(_ handles: opsin_vulkan_handles) throws(Failure) {
        let version = unsafe handles.api_version
        guard version >= 1 << 22 | 1 << 12 else {
            let found = "\(version >> 22).\(version >> 12 & 0x3ff)"
            throw Failure(OPSIN_E_ARGUMENT, "handles: api_version is \(found), expected at least 1.1, as VK_MAKE_API_VERSION packs it")
        }
        func present(_ handle: UnsafeMutableRawPointer?, _ name: String) throws(Failure) -> UnsafeMutableRawPointer {
            guard let handle = unsafe handle else { throw .null("handles: \(name)") }
            return unsafe handle
        }
        let count = unsafe handles.extension_count
        guard count <= 4096 else { throw Failure(OPSIN_E_ARGUMENT, "handles: extension_count is \(count), expected at most 4096") }
        var names: Set<String> = []
        if count > 0 {
            guard let list = unsafe handles.extensions else { throw .null("handles: extensions") }
            for index in 0..<Int(count) { names.insert(try unsafe text(list[index], "handles: extensions[\(index)]")) }
        }
        guard unsafe (handles.lock_queue == nil) == (handles.unlock_queue == nil) else {
            throw Failure(OPSIN_E_ARGUMENT, "handles: one of lock_queue and unlock_queue is NULL, expected both or none")
        }
        var lock: (@Sendable () -> Void)?, unlock: (@Sendable () -> Void)?
        if let enter = unsafe handles.lock_queue, let leave = unsafe handles.unlock_queue {
            let (entering, leaving) = unsafe (QueueLock(function: enter, user: handles.user), QueueLock(function: leave, user: handles.user))
            lock = { entering.call() }
            unlock = { leaving.call() }
        }
        try unsafe self.init(
            instance: present(handles.instance, "instance"), physical: present(handles.physical_device, "physical_device"),
            device: present(handles.device, "device"), queue: present(handles.queue, "queue"), queueFamily: handles.queue_family, extensions: names,
            getInstanceProcAddr: handles.get_instance_proc_addr, lock: lock, unlock: unlock)
    }
}

@c @implementation
public func opsin_runtime_create_from_vulkan(
    _ handles: UnsafePointer<opsin_vulkan_handles>?, _ options: UnsafePointer<opsin_runtime_options>?, _ runtime: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(runtime, "runtime") { () throws(Failure) in
        let device = try unsafe SharedDevice(read(handles, "handles"))
        let chosen = try unsafe Runtime.Options(readOrDefault(options, "options"))
        return unsafe Handles.runtimes.add(RuntimeObject(try opsin { () throws(OpsinError) in try Runtime(device, chosen) }))
    }
}

/// What an `opsin_buffer` stands for.
final class BufferObject: Sendable {
    let buffer: SharedBuffer
    /// Nothing of its device may go before it.
    private let runtime: RuntimeObject

    init(_ buffer: SharedBuffer, _ runtime: RuntimeObject) { (self.buffer, self.runtime) = (buffer, runtime) }
}

/// The size of a buffer; none is larger than what a signed number counts.
private func size(_ byteCount: UInt64) throws(Failure) -> Int {
    guard byteCount >= 1, byteCount <= 1 << 46 else { throw Failure(OPSIN_E_ARGUMENT, "byte_count is \(byteCount), expected 1 to 2^46") }
    return Int(byteCount)
}

@c @implementation
public func opsin_buffer_import(
    _ runtime: OpaquePointer?, _ source: UnsafePointer<opsin_buffer_source>?, _ buffer: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(buffer, "buffer") { () throws(Failure) in
        let object = try unsafe Handles.runtimes.object(runtime, "runtime")
        try object.checkProcess()
        let asked = try unsafe read(source, "source")
        let byteCount = try unsafe size(asked.byte_count)
        let from: SharedBuffer.Source
        switch unsafe asked.kind {
        case OPSIN_BUFFER_OPAQUE_FD, OPSIN_BUFFER_DMA_BUF:
            guard unsafe asked.handle == nil, unsafe asked.fd >= 0 else {
                throw Failure(OPSIN_E_ARGUMENT, "source: fd is \(unsafe asked.fd), expected an open descriptor, and handle NULL")
            }
            unsafe from = .fileDescriptor(asked.fd, asked.kind == OPSIN_BUFFER_DMA_BUF ? .dmaBuf : .opaqueFD)
        case OPSIN_BUFFER_HOST, OPSIN_BUFFER_VULKAN:
            guard let handle = unsafe asked.handle else { throw .null("source: handle") }
            unsafe from = unsafe asked.kind == OPSIN_BUFFER_HOST ? .host(handle) : .vulkan(handle)
        default: throw Failure(OPSIN_E_ARGUMENT, "source: kind is \(unsafe asked.kind), expected OPSIN_BUFFER_HOST (0) to OPSIN_BUFFER_VULKAN (3)")
        }
        let made = try opsin { () throws(OpsinError) in try unsafe SharedBuffer(object.runtime, from, byteCount: byteCount) }
        return unsafe Handles.buffers.add(BufferObject(made, object))
    }
}

@c @implementation
public func opsin_buffer_export(
    _ runtime: OpaquePointer?, _ kind: Int32, _ byte_count: UInt64, _ buffer: UnsafeMutablePointer<OpaquePointer?>?, _ fd: UnsafeMutablePointer<Int32>?
) -> opsin_status {
    unsafe give(buffer, "buffer") { () throws(Failure) in
        guard let fd = unsafe fd else { throw .null("fd") }
        unsafe fd.pointee = -1
        let object = try unsafe Handles.runtimes.object(runtime, "runtime")
        try object.checkProcess()
        guard kind == OPSIN_BUFFER_OPAQUE_FD || kind == OPSIN_BUFFER_DMA_BUF else {
            throw Failure(OPSIN_E_ARGUMENT, "kind is \(kind), expected OPSIN_BUFFER_OPAQUE_FD (1) or OPSIN_BUFFER_DMA_BUF (2)")
        }
        let byteCount = try size(byte_count)
        var descriptor: Int32 = -1
        let made = try opsin { () throws(OpsinError) in
            try SharedBuffer(object.runtime, exporting: kind == OPSIN_BUFFER_DMA_BUF ? .dmaBuf : .opaqueFD, byteCount: byteCount, fileDescriptor: &descriptor)
        }
        unsafe fd.pointee = descriptor
        return unsafe Handles.buffers.add(BufferObject(made, object))
    }
}

@c @implementation
public func opsin_buffer_release(_ buffer: OpaquePointer?) {
    guard let object = unsafe Handles.buffers.remove(buffer) else { return }
    object.buffer.close()
}

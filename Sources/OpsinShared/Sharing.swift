public import COpsin

// Sharing memory and devices with an application's Vulkan is not in this version.

@c @implementation
public func opsin_runtime_create_from_vulkan(
    _ handles: UnsafePointer<opsin_vulkan_handles>?, _ options: UnsafePointer<opsin_runtime_options>?, _ runtime: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(runtime, "runtime") { () throws(Failure) in
        _ = try unsafe read(handles, "handles")
        _ = try unsafe readOrDefault(options, "options")
        throw Failure.unsupported("the Vulkan backend")
    }
}

@c @implementation
public func opsin_buffer_import(
    _ runtime: OpaquePointer?, _ source: UnsafePointer<opsin_buffer_source>?, _ buffer: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(buffer, "buffer") { () throws(Failure) in
        _ = try unsafe Handles.runtimes.object(runtime, "runtime")
        _ = try unsafe read(source, "source")
        throw Failure.unsupported("opsin_buffer_import")
    }
}

@c @implementation
public func opsin_buffer_export(
    _ runtime: OpaquePointer?, _ kind: Int32, _ byte_count: UInt64, _ buffer: UnsafeMutablePointer<OpaquePointer?>?, _ fd: UnsafeMutablePointer<Int32>?
) -> opsin_status {
    unsafe give(buffer, "buffer") { () throws(Failure) in
        if let fd = unsafe fd { unsafe fd.pointee = -1 }
        _ = try unsafe Handles.runtimes.object(runtime, "runtime")
        throw Failure.unsupported("opsin_buffer_export")
    }
}

@c @implementation
public func opsin_buffer_release(_ buffer: OpaquePointer?) {}

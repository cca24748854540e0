public import COpsin

// See Requests.swift.

@c @implementation
public func opsin_stream_create(
    _ session: OpaquePointer?, _ options: UnsafePointer<opsin_stream_options>?, _ stream: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(stream, "stream") { () throws(Failure) in
        _ = try unsafe Handles.sessions.object(session, "session")
        let asked = try unsafe readOrDefault(options, "options")
        try checkFlags(asked.flags, known: [OPSIN_STREAM_UNORDERED], "flags")
        throw Failure.unsupported("opsin_stream_create")
    }
}

@c @implementation
public func opsin_stream_push(_ stream: OpaquePointer?, _ image: UnsafePointer<opsin_image>?) -> opsin_status {
    unsafe refuse(stream, "stream", "opsin_stream")
}

@c @implementation
public func opsin_stream_poll(_ stream: OpaquePointer?, _ timeout_us: Int64, _ result: UnsafeMutablePointer<OpaquePointer?>?) -> opsin_status {
    if let result = unsafe result { unsafe result.pointee = nil }
    return unsafe refuse(stream, "stream", "opsin_stream")
}

@c @implementation
public func opsin_stream_flush(_ stream: OpaquePointer?, _ timeout_us: Int64) -> opsin_status { unsafe refuse(stream, "stream", "opsin_stream") }

@c @implementation
public func opsin_stream_stats_get(_ stream: OpaquePointer?, _ stats: UnsafeMutablePointer<opsin_stream_stats>?) -> opsin_status {
    unsafe refuse(stream, "stream", "opsin_stream")
}

@c @implementation
public func opsin_stream_release(_ stream: OpaquePointer?) {}

public import COpsin

// Streams are not in this version: no handle of theirs exists, so whatever is given is none.

/// The answer to every question about a handle type that this version never gives.
func refuse(_ handle: OpaquePointer?, _ name: String, _ type: String) -> opsin_status {
    answer { () throws(Failure) in
        guard unsafe handle != nil else { throw .null(name) }
        throw Failure(OPSIN_E_ARGUMENT, "\(name) is no \(type), or was released")
    }
}

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

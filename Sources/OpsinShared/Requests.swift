public import COpsin

// Requests and streams are not in this version: no handle of theirs exists, so whatever is given is none.

/// The answer to every question about a handle type that this version never gives.
func refuse(_ handle: OpaquePointer?, _ name: String, _ type: String) -> opsin_status {
    answer { () throws(Failure) in
        guard unsafe handle != nil else { throw .null(name) }
        throw Failure(OPSIN_E_ARGUMENT, "\(name) is no \(type), or was released")
    }
}

@c @implementation
public func opsin_submit(
    _ session: OpaquePointer?, _ image: UnsafePointer<opsin_image>?, _ flags: UInt32, _ done: opsin_done_fn?, _ user: UnsafeMutableRawPointer?,
    _ request: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(request, "request") { () throws(Failure) in
        _ = try unsafe Handles.sessions.object(session, "session")
        _ = try unsafe read(image, "image")
        try checkFlags(flags, known: [OPSIN_SUBMIT_COPY], "flags")
        throw Failure.unsupported("opsin_submit (opsin_run in a thread of yours does the same)")
    }
}

@c @implementation
public func opsin_request_wait(_ request: OpaquePointer?, _ timeout_us: Int64) -> opsin_status { unsafe refuse(request, "request", "opsin_request") }

@c @implementation
public func opsin_request_status(_ request: OpaquePointer?) -> opsin_status { unsafe refuse(request, "request", "opsin_request") }

@c @implementation
public func opsin_request_error(_ request: OpaquePointer?) -> UnsafePointer<CChar>? { unsafe StaticText.empty.pointer }

@c @implementation
public func opsin_request_cancel(_ request: OpaquePointer?) -> opsin_status { unsafe refuse(request, "request", "opsin_request") }

@c @implementation
public func opsin_request_take_result(_ request: OpaquePointer?, _ result: UnsafeMutablePointer<OpaquePointer?>?) -> opsin_status {
    if let result = unsafe result { unsafe result.pointee = nil }
    return unsafe refuse(request, "request", "opsin_request")
}

@c @implementation
public func opsin_request_release(_ request: OpaquePointer?) {}

public import COpsin
internal import Glibc
internal import Opsin
internal import Synchronization

/// What an `opsin_request` stands for.
final class RequestObject: Sendable {
    let request: Request
    private let form: ResultForm
    private let isTaken = Atomic(false)
    private let lent = Lent()
    /// A child after `fork()` has no thread that would end it.
    private let process = getpid()

    init(_ request: Request, _ form: ResultForm) { (self.request, self.form) = (request, form) }

    /// How it ended; throws what it failed with, or nil while it is under way.
    func outcome(until deadline: Deadline) throws(Failure) -> TaskResult? {
        guard getpid() == process else { throw Failure(OPSIN_E_STATE, "the request was made in process \(process), before fork()") }
        guard let outcome = request.outcome(until: deadline) else { return nil }
        return try opsin { () throws(OpsinError) in try outcome.get() }
    }

    /// The result, for the one who asks first.
    func take(_ result: TaskResult) throws(Failure) -> ResultObject {
        guard !isTaken.exchange(true, ordering: .relaxed) else { throw Failure(OPSIN_E_STATE, "the request's result was taken already") }
        return form.object(result)
    }

    /// Why it failed; "" while it has not.
    var error: UnsafePointer<CChar> {
        guard getpid() == process, case .failure(let error) = request.outcome(until: .now) else { return unsafe StaticText.empty.pointer }
        return unsafe lent.text(error.description)
    }
}

/// The caller's function and what it is to be given. Sound: we hand both on and look at neither.
@safe private struct DoneFunction: @unchecked Sendable {
    let function: opsin_done_fn
    let user: UnsafeMutableRawPointer?

    /// Calls it; the handle, of which it holds a reference, stays good until it returns.
    func call(_ handle: Address) {
        let request = unsafe OpaquePointer(handle.pointer)
        unsafe function(user, request)
        unsafe Handles.requests.release(request)
    }
}

/// Puts a checked image into the session's queue. The caller's variable has the handle before `done` can be called.
private func submit(
    _ object: SessionObject, _ image: @escaping @Sendable () throws(OpsinError) -> Image, _ done: DoneFunction?,
    _ place: UnsafeMutablePointer<OpaquePointer?>
) throws(Failure) {
    guard object.door.join() else { throw Failure(OPSIN_E_BUSY, Session.busy) }
    let form = ResultForm(object)
    let request = Request(object.session, form.settings.options, onLeave: { object.door.part() }, image: image)
    let handle = unsafe Handles.requests.add(RequestObject(request, form))
    var call: (@Sendable () -> Void)?
    if let done, let known = unsafe handle {
        let address = unsafe Address(UnsafeRawPointer(known))
        call = { done.call(address) }
        unsafe Handles.requests.retain(handle)
    }
    unsafe place.pointee = handle
    do throws(OpsinError) {
        try request.start(onEnd: call)
    } catch {
        unsafe place.pointee = nil
        for _ in 0..<(done == nil ? 1 : 2) { unsafe Handles.requests.release(handle) }
        object.door.part()
        throw Failure(error)
    }
}

@c @implementation
public func opsin_submit(
    _ session: OpaquePointer?, _ image: UnsafePointer<opsin_image>?, _ flags: UInt32, _ done: opsin_done_fn?, _ user: UnsafeMutableRawPointer?,
    _ request: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    answer { () throws(Failure) in
        guard let request = unsafe request else { throw .null("request") }
        unsafe request.pointee = nil
        let object = try unsafe Handles.sessions.object(session, "session")
        try object.model.runtime.checkProcess()
        let source = try unsafe PixelSource(image)
        try checkFlags(flags, known: [OPSIN_SUBMIT_COPY], "flags")
        let done = unsafe done.map { unsafe DoneFunction(function: $0, user: user) }
        guard flags & OPSIN_SUBMIT_COPY != 0 else {
            return try unsafe submit(object, { () throws(OpsinError) in try source.image() }, done, request)
        }
        let copy = try opsin { () throws(OpsinError) in try source.image() }
        try unsafe submit(object, { () throws(OpsinError) in copy }, done, request)
    }
}

/// How a request is: nil while it is under way. Fills the thread's last error when it failed.
private func status(_ request: OpaquePointer?, _ deadline: Deadline) -> opsin_status {
    var isPending = false
    let status = answer { () throws(Failure) in
        isPending = try unsafe Handles.requests.object(request, "request").outcome(until: deadline) == nil
    }
    return isPending ? OPSIN_PENDING : status
}

@c @implementation
public func opsin_request_wait(_ request: OpaquePointer?, _ timeout_us: Int64) -> opsin_status {
    unsafe status(request, Deadline(microseconds: timeout_us))
}

@c @implementation
public func opsin_request_status(_ request: OpaquePointer?) -> opsin_status { unsafe status(request, .now) }

@c @implementation
public func opsin_request_error(_ request: OpaquePointer?) -> UnsafePointer<CChar>? {
    unsafe Handles.requests.find(request)?.error ?? StaticText.empty.pointer
}

@c @implementation
public func opsin_request_cancel(_ request: OpaquePointer?) -> opsin_status {
    answer { () throws(Failure) in try unsafe Handles.requests.object(request, "request").request.cancel() }
}

@c @implementation
public func opsin_request_take_result(_ request: OpaquePointer?, _ result: UnsafeMutablePointer<OpaquePointer?>?) -> opsin_status {
    var isPending = false
    let status = unsafe give(result, "result") { () throws(Failure) in
        let object = try unsafe Handles.requests.object(request, "request")
        guard let found = try object.outcome(until: .now) else {
            isPending = true
            return nil
        }
        return unsafe Handles.results.add(try object.take(found))
    }
    return isPending ? OPSIN_PENDING : status
}

@c @implementation
public func opsin_request_release(_ request: OpaquePointer?) { unsafe Handles.requests.release(request) }

public import COpsin
internal import Opsin

/// What an `opsin_stream` stands for.
final class StreamObject: Sendable {
    let stream: FrameStream
    private let form: ResultForm
    private let session: SessionObject

    /// Lends the session to a new stream.
    init(_ session: SessionObject, _ options: FrameStream.Options) throws(Failure) {
        try session.model.runtime.checkProcess()
        guard session.door.enter() else { throw Failure(OPSIN_E_BUSY, Session.busy) }
        (self.session, form) = (session, ResultForm(session))
        let task = form.settings.options
        do throws(OpsinError) {
            stream = try FrameStream(session.session, options, task: task)
        } catch {
            session.door.leave()
            throw Failure(error)
        }
    }

    /// What came of a frame; one that failed is a result, too.
    func object(_ answer: FrameStream.Answer) -> ResultObject {
        switch answer.result {
        case .success(let result): form.object(result)
        case .failure(let error): ResultObject(Failure(error), task: form.task, timestamp: answer.timestampMicroseconds)
        }
    }

    /// Ends the stream and gives the session back. Only the first call of several.
    func close() {
        stream.close()
        session.door.leave()
    }
}

@c @implementation
public func opsin_stream_create(
    _ session: OpaquePointer?, _ options: UnsafePointer<opsin_stream_options>?, _ stream: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(stream, "stream") { () throws(Failure) in
        let object = try unsafe Handles.sessions.object(session, "session")
        let asked = try unsafe readOrDefault(options, "options")
        try checkFlags(asked.flags, known: [OPSIN_STREAM_UNORDERED], "flags")
        let drops: [Int32: FrameStream.Drop] = [OPSIN_DROP_NOTHING: .nothing, OPSIN_DROP_OLDEST: .oldest, OPSIN_DROP_NEWEST: .newest]
        guard let drop = drops[asked.drop] else { throw Failure(OPSIN_E_ARGUMENT, "drop is \(asked.drop), expected OPSIN_DROP_NOTHING (0), OLDEST or NEWEST") }
        guard asked.queue_depth <= 1024, asked.in_flight <= 16 else {
            throw Failure(OPSIN_E_ARGUMENT, "queue_depth is \(asked.queue_depth), in_flight is \(asked.in_flight), expected at most 1024 and 16")
        }
        var chosen = FrameStream.Options(drop: drop, isOrdered: asked.flags & OPSIN_STREAM_UNORDERED == 0)
        if asked.queue_depth > 0 { chosen.queueDepth = Int(asked.queue_depth) }
        if asked.in_flight > 0 { chosen.inFlight = Int(asked.in_flight) }
        return unsafe Handles.streams.add(try StreamObject(object, chosen))
    }
}

@c @implementation
public func opsin_stream_push(_ stream: OpaquePointer?, _ image: UnsafePointer<opsin_image>?) -> opsin_status {
    var isTaken = true
    let status = answer { () throws(Failure) in
        let object = try unsafe Handles.streams.object(stream, "stream")
        let image = try unsafe Image(image)
        isTaken = try opsin { () throws(OpsinError) in try object.stream.push(image) }
    }
    return isTaken ? status : OPSIN_PENDING
}

@c @implementation
public func opsin_stream_poll(_ stream: OpaquePointer?, _ timeout_us: Int64, _ result: UnsafeMutablePointer<OpaquePointer?>?) -> opsin_status {
    var isPending = false
    let status = unsafe give(result, "result") { () throws(Failure) in
        let object = try unsafe Handles.streams.object(stream, "stream")
        let found = try opsin { () throws(OpsinError) in try object.stream.next(until: Deadline(microseconds: timeout_us)) }
        guard let found else {
            isPending = true
            return nil
        }
        return unsafe Handles.results.add(object.object(found))
    }
    return isPending ? OPSIN_PENDING : status
}

@c @implementation
public func opsin_stream_flush(_ stream: OpaquePointer?, _ timeout_us: Int64) -> opsin_status {
    var isDone = true
    let status = answer { () throws(Failure) in
        let object = try unsafe Handles.streams.object(stream, "stream")
        isDone = try opsin { () throws(OpsinError) in try object.stream.flush(until: Deadline(microseconds: timeout_us)) }
    }
    return isDone ? status : OPSIN_PENDING
}

@c @implementation
public func opsin_stream_stats_get(_ stream: OpaquePointer?, _ stats: UnsafeMutablePointer<opsin_stream_stats>?) -> opsin_status {
    answer { () throws(Failure) in
        let found = try unsafe Handles.streams.object(stream, "stream").stream.statistics
        var out = opsin_stream_stats()
        out.waiting = UInt32(clamping: found.waiting)
        (out.pushed, out.done) = (UInt64(clamping: found.pushed), UInt64(clamping: found.done))
        (out.dropped, out.failed) = (UInt64(clamping: found.dropped), UInt64(clamping: found.failed))
        (out.latency_ms, out.per_second) = (found.latencyMilliseconds, found.perSecond)
        try unsafe write(out, to: stats, "stats")
    }
}

@c @implementation
public func opsin_stream_release(_ stream: OpaquePointer?) {
    // Whoever takes the handle out of the table closes the stream.
    guard let object = unsafe Handles.streams.remove(stream) else { return }
    object.close()
}

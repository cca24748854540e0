internal import Glibc
internal import OpsinCPU

/// One image on its way through a session, in the order in which `Session.submit` was called. Any thread may ask it, several too.
///
///     let first = try session.submit(photo), second = try session.submit(other)
///     print(try await first.value.classes, try second.wait()?.classes ?? [])
///
/// Dropping it does not end the work; `cancel()` does.
public final class Request: Sendable {
    /// How far a request is.
    public enum Status: Hashable, Sendable {
        /// In the queue.
        case waiting
        /// Under way on the device.
        case running
        /// There is a result.
        case done
        /// There is an error.
        case failed
        /// `cancel()` came before the result.
        case cancelled
    }

    /// What a request ends with.
    package typealias Outcome = Swift.Result<TaskResult, OpsinError>

    /// What is to be done. Gone before anybody hears of the end, so that nothing of the session or its device is held from then on.
    struct Work: Sendable {
        let session: Session
        let options: TaskOptions
        let image: @Sendable () throws(OpsinError) -> Image
        /// Heard after the work and before the end is known.
        let onLeave: @Sendable () -> Void
    }

    private enum Phase: Sendable {
        case waiting(Work)
        /// Under way on the device.
        case running
        case ended(Outcome)
    }

    private struct State: Sendable {
        var phase: Phase
        var listeners: [@Sendable (Outcome) -> Void] = []
    }

    private let monitor: Monitor<State>
    private let stop = StopFlag()
    private let queue: RequestQueue
    private let process = getpid()

    /// A request that has not started. `image` is called once, on a thread of ours, unless the request is cancelled before.
    package init(
        _ session: Session, _ options: TaskOptions, onLeave: @escaping @Sendable () -> Void = {}, image: @escaping @Sendable () throws(OpsinError) -> Image
    ) {
        queue = session.requests
        monitor = Monitor(State(phase: .waiting(Work(session: session, options: options, image: image, onLeave: onLeave))))
    }

    /// Puts the request into its session's queue; waits while that is full. `onEnd` hears of the end once, on a thread of ours.
    package func start(onEnd: (@Sendable () -> Void)? = nil) throws(OpsinError) {
        guard case .waiting(let work) = monitor.look({ $0.phase }) else { throw OpsinError(.state, "the request was started before") }
        guard work.session.door.join() else { throw OpsinError(.busy, Session.busy) }
        do {
            try queue.prepare(forCalls: onEnd != nil)
        } catch {
            work.session.door.part()
            throw error
        }
        if let onEnd {
            let queue = queue
            monitor.change { $0.listeners.append { _ in queue.call(onEnd) } }
        }
        queue.add(self)
    }

    /// How far it is.
    public var status: Status {
        switch monitor.look({ $0.phase }) {
        case .waiting: .waiting
        case .running: .running
        case .ended(.success): .done
        case .ended(.failure(let error)): error.code == .cancelled ? .cancelled : .failed
        }
    }

    /// The result, once it is there: suspends until then. Cancelling the task cancels the request.
    public var value: TaskResult {
        get async throws(OpsinError) {
            let outcome: Outcome = await withTaskCancellationHandler {
                await withCheckedContinuation { (waiting: CheckedContinuation<Outcome, Never>) in
                    let known: Outcome? = monitor.change { state in
                        if case .ended(let outcome) = state.phase { return outcome }
                        state.listeners.append { waiting.resume(returning: $0) }
                        return nil
                    }
                    if let known { waiting.resume(returning: known) }
                }
            } onCancel: {
                cancel()
            }
            return try outcome.get()
        }
    }

    /// Blocks until the result is there or `duration` has passed, then nil; nil as duration is without end.
    public func wait(_ duration: Duration? = nil) throws(OpsinError) -> TaskResult? { try outcome(until: Deadline(duration))?.get() }

    /// What it ended with; nil when the deadline comes first.
    package func outcome(until deadline: Deadline) -> Outcome? {
        monitor.wait(until: deadline) { if case .ended(let outcome) = $0.phase { outcome } else { nil } }
    }

    /// Asks it to end early: at once while it waits, between two ops on the CPU, before the next submission on a GPU. One that has ended stays as it is.
    public func cancel() {
        // A forked child has none of the threads, and locks that nobody opens.
        guard getpid() == process else { return }
        stop.set()
        guard withdraw() else { return }
        end(.failure(OpsinError(.cancelled, "the request was cancelled while it waited")))
    }

    /// Runs it, unless it was cancelled. On the queue's thread.
    func perform() {
        if let outcome = attempt() { end(outcome) }
    }

    /// Takes the work away from a request that waits.
    @inline(never) private func withdraw() -> Bool {
        guard let work = begin() else { return false }
        queue.remove(self)
        leave(work)
        return true
    }

    /// The work's outcome; nil when somebody took the work away. Holds nothing of the session when it returns.
    @inline(never) private func attempt() -> Outcome? {
        guard let work = begin() else { return nil }
        let outcome = Outcome { () throws(OpsinError) in
            let lane = work.session.lane
            lane.stop = stop
            defer { lane.stop = nil }
            try lane.checkStop()
            return try work.session.run(work.image(), work.options, on: lane)
        }
        leave(work)
        return outcome
    }

    private func begin() -> Work? {
        monitor.change { state in
            guard case .waiting(let work) = state.phase else { return nil }
            state.phase = .running
            return work
        }
    }

    private func leave(_ work: Work) {
        work.session.door.part()
        work.onLeave()
    }

    private func end(_ outcome: Outcome) {
        let listeners = monitor.change { state in
            state.phase = .ended(outcome)
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { listener(outcome) }
    }
}

extension Session {
    /// Puts an image into the session's queue and returns. Requests are done one at a time, in their order; other calls are answered with `.busy` until they
    /// are. Blocks while 64 wait.
    public func submit(_ image: Image, _ options: TaskOptions = TaskOptions()) throws(OpsinError) -> Request {
        let request = Request(self, options) { image }
        try request.start()
        return request
    }
}

internal import Glibc

/// The requests of a session that wait, the thread that runs them, and the thread that tells of their end.
///
/// Two threads, so that who hears of an end may submit and wait like anybody else. Neither holds the session: it holds them, and they end after it.
final class RequestQueue: Sendable {
    /// Requests that may wait.
    static let limit = 64

    private struct State: Sendable {
        var waiting: [Request] = []
        var calls: [@Sendable () -> Void] = []
        /// Calls that will come or are there.
        var promised = 0
        var isClosed = false
        var hasRunner = false
        var hasCaller = false
        /// Who started the threads: a forked child has none of them.
        var process: pid_t = 0
    }

    private let monitor = Monitor(State())

    init() {}

    /// Starts the threads that are missing. With `forCalls` one call is promised.
    func prepare(forCalls: Bool) throws(OpsinError) {
        let process = getpid()
        let failure: OpsinError? = monitor.change { state in
            if state.hasRunner, state.process != process {
                return OpsinError(.state, "the session's threads are those of process \(state.process), before fork(): create everything anew here")
            }
            state.process = process
            if !state.hasRunner { state.hasRunner = start { queue in queue.runAll() } }
            if forCalls, !state.hasCaller { state.hasCaller = start { queue in queue.callAll() } }
            guard state.hasRunner, state.hasCaller || !forCalls else { return OpsinError(.device, "the system gives no thread for requests") }
            if forCalls { state.promised += 1 }
            return nil
        }
        if let failure { throw failure }
    }

    private func start(_ body: @escaping @Sendable (RequestQueue) -> Void) -> Bool {
        guard let thread = LibraryThread({ body(self) }) else { return false }
        thread.detach()
        return true
    }

    /// Waits for room, then puts the request behind the others.
    func add(_ request: Request) {
        _ = monitor.wait { state in
            guard state.waiting.count < RequestQueue.limit else { return nil as Bool? }
            state.waiting.append(request)
            return true
        }
    }

    /// Makes room for another one.
    func remove(_ request: Request) { monitor.change { state in state.waiting.removeAll { $0 === request } } }

    /// Has `body` called on the caller's thread.
    func call(_ body: @escaping @Sendable () -> Void) { monitor.change { $0.calls.append(body) } }

    /// Lets the threads end when there is nothing left to do. The session is gone, and with it every request that waits.
    func close() {
        guard monitorIsOurs else { return }
        monitor.change { $0.isClosed = true }
    }

    /// In a forked child somebody who is not there may hold the lock.
    private let owner = getpid()
    private var monitorIsOurs: Bool { getpid() == owner }

    private func runAll() {
        while let request = monitor.wait({ state -> Request?? in
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            return state.isClosed ? .some(nil) : nil
        }) ?? nil {
            request.perform()
        }
    }

    private func callAll() {
        while let body = monitor.wait({ state -> (@Sendable () -> Void)?? in
            if !state.calls.isEmpty { return state.calls.removeFirst() }
            return state.isClosed && state.promised == 0 ? .some(nil) : nil
        }) ?? nil {
            body()
            monitor.change { $0.promised -= 1 }
        }
    }
}

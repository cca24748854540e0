internal import Glibc

/// A lock that owns its state, and a way to wait until the state is as it should be.
///
/// For threads that sleep until there is work; `Mutex` is for the rest. Any thread but a forked child's, where the lock may be held by nobody that lives.
@safe final class Monitor<State: Sendable>: @unchecked Sendable {  // `state` is touched only under `mutex`
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    init(_ state: State) {
        unsafe (mutex, condition) = (.allocate(capacity: 1), .allocate(capacity: 1))
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        self.state = state
        unsafe pthread_mutex_init(mutex, nil)
        // Deadlines must not move when somebody sets the clock.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Looks at the state.
    func look<Value>(_ body: (State) -> Value) -> Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body(state)
    }

    /// Changes the state and wakes everybody who waits.
    func change<Value>(_ body: (inout State) -> Value) -> Value {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_broadcast(condition)
            unsafe pthread_mutex_unlock(mutex)
        }
        return body(&state)
    }

    /// Waits until `body`, which is asked after every change, has an answer; nil when the deadline comes first. Wakes everybody when it has.
    func wait<Value>(until deadline: Deadline = .never, _ body: (inout State) -> Value?) -> Value? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let value = body(&state) {
                unsafe pthread_cond_broadcast(condition)
                return value
            }
            if deadline.isPast { return nil }
            guard var moment = deadline.moment else {
                unsafe pthread_cond_wait(condition, mutex)
                continue
            }
            unsafe pthread_cond_timedwait(condition, mutex, &moment)
        }
    }
}

/// How long somebody waits.
package struct Deadline: Sendable {
    /// On the monotonic clock; nil is never.
    let moment: timespec?

    package static let never = Deadline(moment: nil)
    /// Only a look.
    package static let now = Deadline(moment: timespec())

    private init(moment: timespec?) { self.moment = moment }

    /// So many microseconds from now; below 0 is never.
    package init(microseconds: Int64) {
        guard microseconds >= 0 else {
            self = .never
            return
        }
        guard microseconds > 0 else {
            self = .now
            return
        }
        var moment = Deadline.clock
        let nanoseconds = moment.tv_nsec + Int(microseconds % 1_000_000) * 1000
        // Nobody waits for more than ten thousand years.
        moment.tv_sec += Int(min(microseconds / 1_000_000, 1 << 38)) + nanoseconds / 1_000_000_000
        moment.tv_nsec = nanoseconds % 1_000_000_000
        self.moment = moment
    }

    /// So long from now; nil is never.
    package init(_ duration: Duration?) {
        guard let duration else {
            self = .never
            return
        }
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = max(seconds, 0).multipliedReportingOverflow(by: 1_000_000)
        self.init(microseconds: overflow || seconds > 1 << 38 ? .max : whole + max(attoseconds, 0) / 1_000_000_000_000)
    }

    var isPast: Bool {
        guard let moment else { return false }
        let now = Deadline.clock
        return (now.tv_sec, now.tv_nsec) >= (moment.tv_sec, moment.tv_nsec)
    }

    private static var clock: timespec {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return now
    }
}

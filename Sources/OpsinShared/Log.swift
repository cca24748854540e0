public import COpsin
private import CThreadLocal
private import Synchronization

/// Where log lines go.
@safe private struct LogTarget: @unchecked Sendable {
    let function: opsin_log_fn
    /// The caller's own; we never look at it.
    let user: UnsafeMutableRawPointer?
    let least: Int32
}

private let target = Mutex<LogTarget?>(nil)

/// Gives one line to the caller's function, if there is one. The lock is held meanwhile: one call at a time, none after the function was taken away.
///
/// What a log function causes by calling us again, though it must not, is not logged: the lock cannot be taken twice.
func log(_ level: Int32, _ line: @autoclosure () -> String) {
    guard !opsin_thread_logs() else { return }
    opsin_thread_logs_set(true)
    defer { opsin_thread_logs_set(false) }
    target.withLock { target in
        guard let target, level >= target.least else { return }
        unsafe line().withCString { unsafe target.function(target.user, level, $0) }
    }
}

@c @implementation
public func opsin_set_log_callback(_ log: opsin_log_fn?, _ user: UnsafeMutableRawPointer?, _ min_level: Int32) {
    guard !opsin_thread_logs() else { return }
    let next = unsafe log.map { function in unsafe LogTarget(function: function, user: user, least: min_level) }
    target.withLock { $0 = next }
}

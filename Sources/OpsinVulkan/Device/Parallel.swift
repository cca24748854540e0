internal import Glibc
internal import Synchronization

/// Calls `body` once for each of `0..<count`, on this thread and up to `threads - 1` others, and returns when all calls have.
///
/// Plain threads, because drivers compile for milliseconds without ever suspending, which the cooperative pool is not made for.
func inParallel(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    let next = Atomic(0)
    withoutActuallyEscaping(body) { body in
        let work: @Sendable () -> Void = {
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index)
            }
        }
        var others: [pthread_t] = []
        for _ in 1..<max(2, min(threads, count)) where count > 1 && threads > 1 {
            if let thread = start(work) { others.append(thread) }
        }
        work()
        for thread in others { _ = pthread_join(thread, nil) }
    }
}

private final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Nil where the system gives no thread: the caller then does the work alone.
private func start(_ run: @escaping @Sendable () -> Void) -> pthread_t? {
    let work = unsafe Unmanaged.passRetained(Work(run))
    var thread = pthread_t()
    let result = unsafe pthread_create(
        &thread, nil,
        { argument in
            if let argument = unsafe argument { unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        }, work.toOpaque())
    if result == 0 { return thread }
    unsafe work.release()
    return nil
}

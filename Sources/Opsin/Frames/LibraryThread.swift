internal import Glibc

/// A thread of ours. Plain ones, because frames compute for milliseconds without ever suspending, which the cooperative pool is not made for.
struct LibraryThread: Sendable {
    private let handle: pthread_t

    /// Nil where the system gives no thread.
    init?(_ run: @escaping @Sendable () -> Void) {
        let work = unsafe Unmanaged.passRetained(Work(run))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                // Signals are for the host's threads.
                var all = sigset_t()
                unsafe sigfillset(&all)
                unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        guard result == 0 else {
            unsafe work.release()
            return nil
        }
        handle = thread
    }

    /// Waits for its end.
    func join() { _ = pthread_join(handle, nil) }

    /// Lets it end by itself.
    func detach() { pthread_detach(handle) }

    private final class Work: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

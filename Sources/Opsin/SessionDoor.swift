internal import Glibc
internal import Synchronization

/// Who is inside a session: nobody, a call, requests under way, or somebody who looks after what idle sessions keep.
///
/// A call that comes while another or a request is inside is turned away, and so is a request while a call is; what comes during the short care waits for
/// its end, so that nobody outside notices it.
package struct SessionDoor: ~Copyable, Sendable {
    private static let nobody = 0, call = -1, care = -2

    /// One of the above, or above 0 the number of requests.
    private let inside = Atomic(SessionDoor.nobody)

    package init() {}

    /// Lets a call in, or answers false when another or a request is inside.
    package borrowing func enter() -> Bool { admit { $0 == SessionDoor.nobody ? SessionDoor.call : nil } }

    /// Ends a call.
    package borrowing func leave() { inside.store(SessionDoor.nobody, ordering: .releasing) }

    /// Lets one more request in, or answers false when a call is inside.
    package borrowing func join() -> Bool { admit { $0 >= SessionDoor.nobody ? $0 + 1 : nil } }

    /// Ends a request.
    package borrowing func part() { inside.subtract(1, ordering: .releasing) }

    /// Runs `body`, which is short, unless somebody is inside.
    @discardableResult borrowing func whenIdle<Value>(_ body: () -> Value) -> Value? {
        guard inside.compareExchange(expected: SessionDoor.nobody, desired: SessionDoor.care, ordering: .acquiring).exchanged else { return nil }
        defer { leave() }
        return body()
    }

    /// Puts in the place of who is inside what `next` makes of it; false when that is nil.
    private borrowing func admit(_ next: (Int) -> Int?) -> Bool {
        var found = inside.load(ordering: .relaxed)
        while true {
            if found == SessionDoor.care {
                sched_yield()
                found = inside.load(ordering: .relaxed)
                continue
            }
            guard let wanted = next(found) else { return false }
            let attempt = inside.compareExchange(expected: found, desired: wanted, ordering: .acquiring)
            if attempt.exchanged { return true }
            found = attempt.original
        }
    }
}

internal import Glibc
internal import Synchronization

/// Who is inside a session: nobody, a call, or somebody who looks after what idle sessions keep.
///
/// A call that comes while another is inside is turned away; one that comes during the short care waits for its end, so that nobody outside notices it.
struct SessionDoor: ~Copyable, Sendable {
    private static let nobody = 0, call = 1, care = 2

    private let inside = Atomic(SessionDoor.nobody)

    init() {}

    /// Lets a call in, or answers false when another is inside.
    borrowing func enter() -> Bool {
        while true {
            let attempt = inside.compareExchange(expected: SessionDoor.nobody, desired: SessionDoor.call, ordering: .acquiring)
            if attempt.exchanged { return true }
            if attempt.original == SessionDoor.call { return false }
            sched_yield()
        }
    }

    borrowing func leave() { inside.store(SessionDoor.nobody, ordering: .releasing) }

    /// Runs `body`, which is short, unless somebody is inside.
    @discardableResult borrowing func whenIdle<Value>(_ body: () -> Value) -> Value? {
        guard inside.compareExchange(expected: SessionDoor.nobody, desired: SessionDoor.care, ordering: .acquiring).exchanged else { return nil }
        defer { leave() }
        return body()
    }
}

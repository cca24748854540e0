private import CKernels

/// What ends runs early: set once, by any thread; whoever computes looks at it between ops.
@safe package final class StopFlag: Sendable {
    /// Written by C alone, atomically.
    nonisolated(unsafe) let word: UnsafeMutablePointer<UInt32>

    package init() {
        unsafe word = .allocate(capacity: 1)
        unsafe word.initialize(to: 0)
    }

    deinit { unsafe word.deallocate() }

    package func set() { unsafe opsin_stop_set(word) }

    package var isSet: Bool { unsafe opsin_stop_is_set(word) != 0 }
}

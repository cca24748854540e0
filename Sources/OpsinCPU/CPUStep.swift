package import CKernels

/// One kernel call of a plan: a C function, its arguments, and how many independent tasks it splits into.
///
/// Pointers inside the arguments are to the plan's arena and to packed weights, both of which outlive the step.
@safe package struct CPUStep {
    package let run: opsin_task_fn
    package let tasks: Int
    /// Bytes of scratch that a task needs on its thread.
    package let scratchBytes: Int
    /// What a report calls the variant that was chosen: `gemm 6x64 avx512`.
    package let kernel: String
    package let arguments: StepArguments
    /// The arguments are a product's.
    package let isProduct: Bool

    /// `arguments` is any plain C struct; it is copied.
    package init<Arguments: BitwiseCopyable>(_ run: @escaping opsin_task_fn, _ arguments: Arguments, tasks: Int, scratchBytes: Int = 0, kernel: String) {
        isProduct = unsafe Arguments.self == opsin_gemm_arguments.self
        unsafe self.run = run
        self.tasks = tasks
        self.scratchBytes = scratchBytes
        self.kernel = kernel
        self.arguments = StepArguments(arguments)
    }
}

/// A copy of a plain C struct at an address that does not move.
@safe package final class StepArguments {
    package let pointer: UnsafeMutableRawPointer

    package init<Arguments: BitwiseCopyable>(_ value: Arguments) {
        let place = UnsafeMutablePointer<Arguments>.allocate(capacity: 1)
        unsafe place.initialize(to: value)
        unsafe pointer = UnsafeMutableRawPointer(place)
    }

    deinit { unsafe pointer.deallocate() }
}

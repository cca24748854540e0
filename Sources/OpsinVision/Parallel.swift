package import CKernels

/// How the row strips of a pass over an image are run: one after the other, or handed to a team of threads.
@safe package struct Parallel: Sendable {
    /// Runs all the tasks of one step and returns when they are done. The kernels of this module need no scratch memory.
    @unsafe package let run: @Sendable (UnsafePointer<opsin_step>) -> Void

    package init(_ run: @escaping @Sendable (UnsafePointer<opsin_step>) -> Void) { unsafe self.run = run }

    /// On the calling thread.
    package static let serial = unsafe Parallel { step in
        let work = unsafe step.pointee
        unsafe work.run?(work.arguments, 0, work.tasks, nil)
    }
}

extension Parallel {
    /// Runs the tasks of one kernel; `arguments` is its plain C struct.
    @unsafe func run<Arguments: BitwiseCopyable>(_ task: @escaping opsin_task_fn, _ arguments: Arguments, tasks: Int) {
        unsafe withUnsafePointer(to: arguments) { place in
            let step = unsafe opsin_step(run: task, arguments: UnsafeRawPointer(place), tasks: tasks)
            unsafe withUnsafePointer(to: step) { unsafe run($0) }
        }
    }
}

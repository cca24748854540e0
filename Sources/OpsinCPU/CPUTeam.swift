package import CKernels

/// The threads that run plans. Sessions may share one: runs take turns.
@safe package final class CPUTeam: @unchecked Sendable {
    // @unchecked: the C side takes its own turns.
    package let team: OpaquePointer
    package let threads: Int

    /// As many threads as asked for, 1 to 256; nil: one per physical core that this process may use, at most 8.
    package init(threads: Int? = nil) throws(CPUError) {
        let count = threads ?? CPUTeam.defaultThreads
        guard (1...256).contains(count) else { throw CPUError("threads is \(count), expected 1 to 256") }
        guard let team = unsafe opsin_team_create(UInt32(count)) else { throw CPUError("the system does not start \(count) threads") }
        unsafe self.team = team
        self.threads = count
    }

    /// One per physical core that affinity and control groups leave to this process, at most 8.
    package static var defaultThreads: Int { min(Int(opsin_cpu_available()), 8) }

    /// Runs the tasks of one step on the team's threads; waits for its turn when a plan runs on it.
    package func run(_ step: UnsafePointer<opsin_step>) { unsafe opsin_team_run(team, step, 1, nil, 0, nil) }

    deinit { unsafe opsin_team_destroy(team) }
}

internal import OpsinCPU
internal import Synchronization

/// The device that models run on, chosen once, and the threads of the CPU. Any thread may use it.
public final class Runtime: Sendable {
    public struct Options: Hashable, Sendable {
        public var device = DeviceSelection.auto
        /// Whether the CPU may take over when the device that was asked for cannot be used. `OPSIN_NO_CPU_FALLBACK=1` forbids it whatever this says.
        public var allowsCPUFallback = true

        public init() {}
    }

    /// What `options.device` came down to.
    public let device: Device
    /// Why another device than the one asked for is used; empty when it is the one.
    public let fallbacks: [Fallback]

    /// Teams by number of threads: sessions with equal numbers share one and take turns, so that two sessions do not fight for the cores.
    private let teams = Mutex<[Int: CPUTeam]>([:])

    /// Throws `.device` when the device cannot be used and no fallback is allowed.
    public init(_ options: Options = Options()) throws(OpsinError) {
        device = .cpu
        switch options.device {
        case .auto, .cpu:
            fallbacks = []
        case .vulkan, .vulkanDevice:
            let reason = "this build has no Vulkan backend"
            let isForbidden = !options.allowsCPUFallback || environment("OPSIN_NO_CPU_FALLBACK").map { $0 != "0" } ?? false
            guard !isForbidden else { throw OpsinError(.device, "device \(options.device): \(reason), and falling back to the CPU is forbidden") }
            fallbacks = [Fallback(what: "device \(options.device)", reason: reason)]
        }
    }

    /// The team of `threads` threads; 0 is the default number for this machine.
    func team(threads: Int) throws(OpsinError) -> CPUTeam {
        let count = threads == 0 ? CPUTeam.defaultThreads : threads
        guard (1...256).contains(count) else { throw OpsinError(.argument, "threads is \(threads), expected 1 to 256, or 0 for the default") }
        return try teams.withLock { (teams) throws(OpsinError) in
            if let team = teams[count] { return team }
            let team = try newTeam(count)
            teams[count] = team
            return team
        }
    }

    private func newTeam(_ threads: Int) throws(OpsinError) -> CPUTeam {
        do {
            return try CPUTeam(threads: threads)
        } catch {
            throw OpsinError(.device, error.description)
        }
    }
}

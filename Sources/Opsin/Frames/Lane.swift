internal import OpsinCPU
internal import OpsinGraph
internal import OpsinVulkan
internal import Synchronization

/// A way through a session: plans of its own, so that as many frames as there are lanes can be worked on at the same time. One thread at a time uses it.
@safe final class Lane: @unchecked Sendable {
    var state: SessionState
    /// Ends the frame that is on its way, once it is set.
    var stop: StopFlag?
    /// What the session counts of this lane's plans.
    private var counted = (bytes: 0, deviceBytes: 0)

    /// The threads that compute here; nil where a GPU does.
    let team: CPUTeam?

    init(_ state: SessionState) {
        self.state = state
        if case .cpu(_, _, let team) = state.backend { self.team = team } else { team = nil }
    }

    /// Throws `.cancelled` once the frame is to end.
    func checkStop() throws(OpsinError) {
        if let stop, stop.isSet { throw OpsinError(.cancelled, "the request was cancelled while it ran") }
    }

    /// Adds what the lane keeps now to the session's sums, in the place of what was counted before.
    func count(in session: Session) {
        let now = (bytes: state.plans.bytes, deviceBytes: state.plans.deviceBytes)
        session.keptBytes.add(now.bytes &- counted.bytes, ordering: .relaxed)
        session.keptDeviceBytes.add(now.deviceBytes &- counted.deviceBytes, ordering: .relaxed)
        counted = now
    }

    /// Ends the lane: unless it is the session's own, what it keeps is given back.
    func close(_ session: Session) {
        stop = nil
        guard self !== session.lane else { return }
        state.plans.removeAll()
        count(in: session)
    }
}

extension Session {
    /// So many lanes for somebody who is inside the door: one is the session's own; several share its threads, since a frame that has the cores for itself wins
    /// less by more of them than another frame loses.
    func lanes(_ count: Int) throws(OpsinError) -> [Lane] {
        guard count > 1 else { return [lane] }
        return try (0..<count).map { (_) throws(OpsinError) in
            var backend = lane.state.backend
            if case .cpu(let isa, let precision, let team) = backend, team.threads > 1 {
                backend = try .cpu(isa, precision, model.runtime.newTeam(max(1, team.threads / count)))
            }
            var fresh = SessionState(backend: backend, fallbacks: lane.state.fallbacks, options)
            fresh.settings = lane.state.settings
            return Lane(fresh)
        }
    }
}

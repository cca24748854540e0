internal import OpsinCPU
internal import OpsinGraph
internal import OpsinVulkan

/// What a session changes while it runs: the backend, its plans, and what fell back. One call at a time touches it.
struct SessionState {
    private(set) var backend: Backend
    private(set) var fallbacks: [Fallback]
    var plans: PlanCache
    var settings: Session.Settings
    /// The times of the ops, when the session measures them.
    var measured = MeasuredOps()

    init(backend: Backend, fallbacks: [Fallback], _ options: Session.Options) {
        (self.backend, self.fallbacks, settings) = (backend, fallbacks, options.settings)
        plans = PlanCache(limit: options.keptPlans)
    }

    /// The plan of that shape; made from `graph` if it is not there, which then must not be nil.
    mutating func plan(for key: PlanCache.Key, _ graph: Graph?, _ resources: PlanResources, timed: Bool = false) throws(PlanFailure) -> CompiledPlan {
        if let known = plans.plan(for: key) { return known }
        let plan = try backend.compile(graph ?? Graph(), resources, timed: timed)
        plans.insert(plan, for: key)
        return plan
    }

    /// After a failure on a GPU: a new device when the old one is lost and `mayRebuild`, else the CPU. Throws when neither is possible or allowed.
    mutating func recover(from failure: PlanFailure, _ model: Model, _ options: Session.Options, mayRebuild: Bool) throws(OpsinError) {
        guard case .vulkan(let device, let storage) = backend else { throw OpsinError(.device, "\(model.path): \(failure.description)") }
        plans.removeAll()
        if failure.isLoss, mayRebuild, let fresh = try? model.runtime.replacement(for: device) {
            backend = .vulkan(fresh, storage)
            fallbacks.append(Fallback(what: "device \(device.info.name)", reason: "\(failure.description); the device was opened anew"))
            return
        }
        guard model.runtime.allowsCPUFallback else {
            throw OpsinError(.device, "\(model.path): \(device.info.name): \(failure.description), and falling back to the CPU is forbidden")
        }
        // The CPU's answer in fp32 is at least as exact as what was asked of the GPU.
        backend = try .cpu(.fp32, team: model.runtime.team(threads: options.threads))
        fallbacks.append(Fallback(what: "device \(device.info.name)", reason: failure.description))
    }

    /// What really runs now.
    func report(_ plan: CompiledPlan?, _ model: Model) -> Report {
        var report = Report(
            device: model.runtime.device, precision: backend.precision, isa: "", threads: 0, dispatches: plan?.dispatchCount ?? 0,
            fallbacks: fallbacks + (plan?.fallbacks ?? []),
            memoryBytes: (plan?.byteCount ?? 0) + model.packedBytes)
        if case .cpu(let isa, _, let team) = backend { (report.device, report.isa, report.threads) = (.cpu, isa.rawValue, team.threads) }
        // A device that can run none of the ops did not run.
        if let plan, plan.dispatchCount == 0 { report.device = .cpu }
        return report
    }
}

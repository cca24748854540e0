internal import OpsinCPU
internal import OpsinGraph
internal import OpsinVulkan

/// A graph compiled for one input shape on one device.
enum CompiledPlan {
    case cpu(CPUPlan, timed: Bool)
    case vulkan(DevicePlan)

    var outputs: [Graph.Port] {
        switch self {
        case .cpu(let plan, _): plan.outputs
        case .vulkan(let plan): plan.outputs
        }
    }

    /// Copies the inputs in (NHWC, dense), runs, copies the outputs out.
    func run(_ inputs: [[Float]]) throws(PlanFailure) -> [[Float]] {
        switch self {
        case .cpu(let plan, let timed):
            do { return try plan.run(inputs, timed: timed) } catch { throw PlanFailure(error) }
        case .vulkan(let plan): return try plan.run(inputs)
        }
    }

    /// What `run` gave, under the reference's names and in its layout.
    func tensors(_ values: [[Float]]) -> [Tensor] {
        zip(outputs, values).map { port, values in
            unsafe values.withUnsafeBufferPointer { unsafe Tensor(name: port.name, shape: port.value.shape, layout: port.layout, nhwc: $0) }
        }
    }

    /// Runs without looking at results, for benchmarks: the CPU's plan alone, since a caller can avoid the copies; a GPU's with upload and readback,
    /// since it cannot.
    func runAlone(_ inputs: [[Float]]) throws(PlanFailure) {
        switch self {
        case .cpu(let plan, let timed): plan.run(timed: timed)
        case .vulkan: _ = try run(inputs)
        }
    }

    /// Nanoseconds on the device of each step of the last run, in the order of `steps`; empty for a plan that is not timed.
    func lastTimes() throws(PlanFailure) -> [Double] {
        switch self {
        case .cpu(let plan, let timed): return timed ? plan.times.map { Double($0) } : []
        case .vulkan(let plan): return try plan.lastTimes()
        }
    }

    /// One a kernel call or dispatch of a run, in order.
    var steps: [StepReport] {
        switch self {
        case .cpu(let plan, _): plan.reports
        case .vulkan(let plan): plan.steps
        }
    }

    /// Bytes of activations and scratch.
    var byteCount: Int {
        switch self {
        case .cpu(let plan, _): plan.arenaBytes + plan.scratchBytes
        case .vulkan(let plan): plan.byteCount
        }
    }

    /// Of these, the bytes that are a GPU's.
    var deviceBytes: Int {
        switch self {
        case .cpu: 0
        case .vulkan(let plan): plan.deviceBytes
        }
    }

    /// How long a run waits for a GPU; 0 is what suits the device.
    func waits(atMost milliseconds: Int) {
        if case .vulkan(let plan) = self { plan.waits(atMost: milliseconds) }
    }

    /// Runs end early once `flag` is set: the CPU's between two ops, a GPU's before its next submission. Their outputs then mean nothing.
    func stops(at flag: StopFlag?) {
        switch self {
        case .cpu(let plan, _): plan.stop = flag
        case .vulkan(let plan): plan.stop = flag
        }
    }

    /// The ops that run elsewhere than asked.
    var fallbacks: [Fallback] {
        switch self {
        case .cpu(let plan, _): plan.refusals.map { Fallback(what: "op \($0.op) (\($0.node))", reason: "in fp32: \($0.reason)") }
        case .vulkan(let plan): plan.fallbacks
        }
    }

    /// Dispatches of one run; 0 on the CPU.
    var dispatchCount: Int {
        switch self {
        case .cpu: 0
        case .vulkan(let plan): plan.dispatchCount
        }
    }
}

/// Why a plan could not be made or run.
struct PlanFailure: Error {
    /// The device is gone and everything on it: a new one may work.
    let isLoss: Bool
    let description: String

    init(_ description: String) { (isLoss, self.description) = (false, description) }

    init(_ error: CPUError) { (isLoss, description) = (false, error.description) }

    init(_ error: VulkanError) { (isLoss, description) = (error.code == .deviceLost || error.code == .timeout, error.description) }
}

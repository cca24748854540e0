internal import OpsinCPU
internal import OpsinGraph
internal import OpsinVision
internal import OpsinVulkan

/// A graph compiled for one input shape on a Vulkan device. Ops that the device cannot run, which is known before the first run, are the CPU's: then the
/// graph is cut into parts that run one after the other, here and there, with copies between.
final class DevicePlan {
    /// A stretch of the graph.
    enum Part {
        case device(VulkanPlan)
        case cpu(CPUPlan)

        var inputs: [Graph.Port] {
            switch self {
            case .device(let plan): plan.inputs
            case .cpu(let plan): plan.inputs
            }
        }

        var outputs: [Graph.Port] {
            switch self {
            case .device(let plan): plan.outputs
            case .cpu(let plan): plan.outputs
            }
        }
    }

    let parts: [Part]
    let inputs: [Graph.Port]
    let outputs: [Graph.Port]
    /// The ops that run on the CPU, and why.
    let fallbacks: [Fallback]
    private let timing: VulkanPlan.Timing
    /// Ends a run before the next part once it is set.
    var stop: StopFlag? {
        didSet {
            for case .cpu(let plan) in parts { plan.stop = stop }
        }
    }
    /// Made with the first image that the device preprocesses.
    var preprocessor: ImagePreprocessor?
    var recipe: PreprocessRecipe?
    /// Made with the first mask that the device makes.
    var maskStage: MaskStage?
    /// What runs behind a part's own commands, in its submit.
    var after: (plan: VulkanPlan, list: CommandList)?

    /// Throws, naming the first op, where the CPU is needed and not allowed.
    init(
        _ graph: Graph, on device: OpsinVulkan.Device, _ storage: Storage, _ resources: PlanResources, timing: VulkanPlan.Timing = .none
    ) throws(PlanFailure) {
        let weights = resources.deviceWeights(device)
        let judged: VulkanPlan.Judged
        do { judged = try VulkanPlan.judged(graph, on: device, storage: storage) } catch { throw PlanFailure(error) }
        let (graph, refusals) = (judged.graph, judged.refusals)
        fallbacks = refusals.sorted { $0.key < $1.key }.map { index, reason in
            Fallback(what: "op \(graph.nodes[index].op.name) (\(graph.nodes[index].name))", reason: reason)
        }
        if let first = fallbacks.first, !resources.allowsCPUFallback { throw PlanFailure("\(first.what): \(first.reason)") }
        var parts: [Part] = []
        for range in DevicePlan.ranges(graph.nodes.count, refused: Set(refusals.keys)) {
            let part = refusals.isEmpty ? graph : graph.part(range)
            if refusals[range.lowerBound] != nil {
                parts.append(.cpu(try resources.cpuPlan(part)))
            } else {
                do {
                    parts.append(.device(try VulkanPlan(part, on: device, storage: storage, timing: timing, weights: weights, isJudged: true)))
                } catch {
                    throw PlanFailure(error)
                }
            }
        }
        (self.parts, self.timing, inputs, outputs) = (parts, timing, graph.inputs, graph.outputs)
    }

    /// `0..<count` in stretches whose nodes are all refused or all not.
    static func ranges(_ count: Int, refused: Set<Int>) -> [Range<Int>] {
        guard !refused.isEmpty else { return [0..<count] }
        var ranges: [Range<Int>] = []
        var start = 0
        for index in 1..<max(count, 1) where refused.contains(index) != refused.contains(index - 1) {
            ranges.append(start..<index)
            start = index
        }
        return ranges + [start..<count]
    }

    /// Copies the inputs in (NHWC, dense), runs, copies the outputs out.
    func run(_ values: [[Float]]) throws(PlanFailure) -> [[Float]] {
        try walk(values) { (part, inputs) throws(PlanFailure) in try run(part, inputs) }
    }

    private func run(_ part: Part, _ inputs: [[Float]]) throws(PlanFailure) -> [[Float]] {
        switch part {
        case .device(let plan):
            do { return try plan.run(inputs, before: nil, after: list(after: plan)) } catch { throw PlanFailure(error) }
        case .cpu(let plan):
            do { return try plan.run(inputs, timed: timing == .each) } catch { throw PlanFailure(error) }
        }
    }

    /// The commands behind that part's own.
    func list(after plan: VulkanPlan) -> CommandList? { after?.plan === plan ? after?.list : nil }

    /// The same with the time of each phase, summed over the parts; what the CPU computes counts as computing. The plan's timing must be `.phases`.
    func runInPhases(_ values: [[Float]]) throws(PlanFailure) -> VulkanPlan.Phases {
        var sum = VulkanPlan.Phases()
        let start = milliseconds()
        _ = try walk(values) { (part, inputs) throws(PlanFailure) in
            switch part {
            case .device(let plan):
                do throws(VulkanError) {
                    let (outputs, phases) = try plan.runInPhases(inputs)
                    sum.upload += phases.upload
                    sum.compute += phases.compute
                    sum.readback += phases.readback
                    return outputs
                } catch {
                    throw PlanFailure(error)
                }
            case .cpu:
                let start = milliseconds()
                defer { sum.compute += milliseconds() - start }
                return try self.run(part, inputs)
            }
        }
        sum.total = milliseconds() - start
        return sum
    }

    /// The plan of the first part, when it runs on the device and nobody else reads the graph's only input: then a stage may write that input.
    var entry: VulkanPlan? {
        guard let first = parts.first, case .device(let plan) = first, inputs.count == 1, plan.inputs.map(\.value) == inputs.map(\.value) else { return nil }
        return parts.dropFirst().contains { $0.inputs.contains { $0.value == inputs[0].value } } ? nil : plan
    }

    /// Runs what is behind the first part, which is `entry` and gave these outputs.
    func finish(_ first: [[Float]]) throws(PlanFailure) -> [[Float]] {
        try walk([], after: first) { (part, inputs) throws(PlanFailure) in try run(part, inputs) }
    }

    /// Runs the parts in order, the first one unless its outputs are there already; `run` gives a part's outputs from its inputs.
    private func walk(
        _ values: [[Float]], after first: [[Float]]? = nil, _ run: (Part, [[Float]]) throws(PlanFailure) -> [[Float]]
    ) throws(PlanFailure) -> [[Float]] {
        if parts.count == 1, fallbacks.isEmpty {
            if let first { return first }
            return try run(parts[0], values)
        }
        guard first != nil || values.count == inputs.count else { throw PlanFailure("\(values.count) inputs given, expected \(inputs.count)") }
        var known: [Int: [Float]] = [:]
        for (port, value) in zip(inputs, values) { known[port.value.index] = value }
        for (index, part) in parts.enumerated() {
            if let stop, stop.isSet { throw PlanFailure("the run was stopped") }
            let made: [[Float]]
            if index == 0, let first { made = first } else { made = try run(part, part.inputs.map { known[$0.value.index] ?? [] }) }
            for (port, value) in zip(part.outputs, made) { known[port.value.index] = value }
        }
        return outputs.map { known[$0.value.index] ?? [] }
    }

    /// Nanoseconds of each step of the last run, in the order of `steps`; empty unless the plan's timing is `.each`.
    func lastTimes() throws(PlanFailure) -> [Double] {
        guard timing == .each else { return [] }
        var times: [Double] = []
        for part in parts {
            switch part {
            case .device(let plan):
                do { times += try plan.dispatchNanoseconds() } catch { throw PlanFailure(error) }
            case .cpu(let plan): times += plan.times.map { Double($0) }
            }
        }
        return times
    }

    /// One a dispatch or kernel call, in order.
    var steps: [StepReport] {
        parts.flatMap { part in
            switch part {
            case .device(let plan): plan.reports
            case .cpu(let plan): plan.reports
            }
        }
    }

    /// Bytes of activations and scratch.
    var byteCount: Int {
        parts.reduce(deviceBytes) { sum, part in
            if case .cpu(let plan) = part { sum + plan.arenaBytes + plan.scratchBytes } else { sum }
        }
    }

    /// Of these, the bytes on the device.
    var deviceBytes: Int { devicePlans.reduce((preprocessor?.byteCount ?? 0) + (maskStage?.byteCount ?? 0)) { $0 + $1.arenaBytes } }

    /// How long each submit is waited for; 0 is what suits the device.
    func waits(atMost milliseconds: Int) {
        for plan in devicePlans { plan.timeoutMilliseconds = milliseconds > 0 ? milliseconds : plan.device.timeoutMilliseconds }
    }

    /// Dispatches of one run; 0 when the CPU runs everything.
    var dispatchCount: Int { devicePlans.reduce(0) { $0 + $1.dispatchCount } }

    /// How long the making of the parts on the device took.
    var buildTimes: VulkanPlan.BuildTimes {
        devicePlans.reduce(into: VulkanPlan.BuildTimes()) { sum, plan in
            sum.weights += plan.buildTimes.weights
            sum.pipelines += plan.buildTimes.pipelines
            sum.recording += plan.buildTimes.recording
        }
    }

    private var devicePlans: [VulkanPlan] { parts.compactMap { if case .device(let plan) = $0 { plan } else { nil } } }
}

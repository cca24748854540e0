internal import OpsinCPU
internal import OpsinGraph
internal import OpsinVulkan

/// Everything that a benchmark measures on one plan and on fresh copies of it.
struct Measurement {
    let latency: Benchmark.Latency
    let noise: Benchmark.Noise
    let split: Benchmark.Split
    let ops: [OpProfile]
    let cold: Benchmark.ColdCosts
    let peak: Peak
    let outputs: [Tensor]

    init(
        _ plan: CompiledPlan, _ graph: Graph, _ inputs: [[Float]], _ backend: Backend, _ resources: PlanResources, _ options: Benchmark.Options
    ) throws(PlanFailure) {
        outputs = plan.tensors(try plan.run(inputs))
        let samples = try Measurement.samples(plan, inputs, options)
        (latency, noise) = (Benchmark.Latency(samples), Benchmark.Noise(samples))
        guard !options.measuresLatencyAlone else {
            (split, ops, cold, peak) = (Benchmark.Split(), [], Benchmark.ColdCosts(), Peak(flops: 0, bytes: 0))
            return
        }
        let timed = try backend.compile(graph, resources, timed: true)
        let bytes = backend.precision == .fp16 ? 2 : backend.precision == .int8 ? 1 : 4
        // Two seconds of them are enough for a slow model.
        let most = max(3, Int(2000 / max(latency.median, 1)))
        ops = try Measurement.profile(timed, inputs, runs: min(options.profiledRuns, most), elementBytes: bytes)
        split = try backend.split(graph, inputs, timed, resources, runs: min(max(options.profiledRuns, 5), most))
        cold = try backend.coldCosts(graph, inputs, resources)
        peak = try backend.peak()
    }

    private static func samples(_ plan: CompiledPlan, _ inputs: [[Float]], _ options: Benchmark.Options) throws(PlanFailure) -> [Double] {
        var samples: [Double] = []
        let end = milliseconds() + options.seconds * 1e3
        while samples.count < max(options.iterations, 1) || milliseconds() < end {
            let start = milliseconds()
            try plan.runAlone(inputs)
            samples.append(milliseconds() - start)
        }
        return samples
    }

    private static func profile(_ plan: CompiledPlan, _ inputs: [[Float]], runs: Int, elementBytes: Int) throws(PlanFailure) -> [OpProfile] {
        guard runs > 0 else { return [] }
        let steps = plan.steps
        var times = [[Double]](repeating: [], count: steps.count)
        for _ in 0..<runs {
            try plan.runAlone(inputs)
            for (index, nanoseconds) in try plan.lastTimes().enumerated() where times.indices.contains(index) { times[index].append(nanoseconds * 1e-6) }
        }
        return steps.enumerated().map { index, step in
            OpProfile(
                name: step.node, op: step.op, kernel: step.kernel, milliseconds: times[index].median, flops: step.cost.flops,
                bytes: step.cost.bytes(elementBytes: elementBytes))
        }
    }
}

extension Benchmark.Latency {
    /// Of at least one sample, in the order in which they were taken.
    init(_ samples: [Double]) {
        let sorted = samples.sorted()
        func quantile(_ share: Double) -> Double { sorted.isEmpty ? 0 : sorted[Swift.min(Int(Double(sorted.count) * share), sorted.count - 1)] }
        self.init(
            count: sorted.count, min: sorted.first ?? 0, mean: sorted.reduce(0, +) / Double(Swift.max(sorted.count, 1)), median: quantile(0.5),
            p90: quantile(0.9), p99: quantile(0.99), max: sorted.last ?? 0)
    }
}

extension [Double] {
    /// The middle one; 0 when there is none.
    var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}

extension Backend {
    /// The roofs of the device for its precision, measured now.
    func peak() throws(PlanFailure) -> Peak {
        switch self {
        case .cpu(let isa, let precision, let team):
            let roofs = CPUPeak(isa: isa, threads: team.threads)
            let flops =
                switch precision {
                case .fp32: roofs.fp32
                case .bf16: roofs.bf16
                case .int8: roofs.int8
                }
            return Peak(flops: flops, bytes: roofs.read)
        case .vulkan(let device, let storage):
            do {
                let roofs = try DevicePeak(device)
                // Sums are fp32 in every kernel; the roof is the fastest unit that could do the work in that storage.
                let flops = storage == .f16 ? max(roofs.fp32, roofs.fp16 ?? 0, roofs.matrix ?? 0) : roofs.fp32
                return Peak(flops: flops, bytes: roofs.memory)
            } catch {
                throw PlanFailure(error)
            }
        }
    }

    /// Where a warm run's time goes.
    func split(
        _ graph: Graph, _ inputs: [[Float]], _ timed: CompiledPlan, _ resources: PlanResources, runs: Int
    ) throws(PlanFailure) -> Benchmark.Split {
        var split = Benchmark.Split()
        guard case .vulkan(let device, let storage) = self else {
            var (sums, rests) = ([Double](), [Double]())
            for _ in 0..<runs {
                let start = milliseconds()
                try timed.runAlone(inputs)
                let wall = milliseconds() - start
                let sum = try timed.lastTimes().reduce(0, +) * 1e-6
                sums.append(sum)
                rests.append(max(0, wall - sum))
            }
            // The CPU's kernels work on the caller's memory: nothing goes up or down.
            (split.compute, split.host) = (sums.median, rests.median)
            return split
        }
        let plan = try DevicePlan(graph, on: device, storage, resources, timing: .phases)
        _ = try plan.runInPhases(inputs)
        var phases: [VulkanPlan.Phases] = []
        for _ in 0..<runs { phases.append(try plan.runInPhases(inputs)) }
        (split.upload, split.compute, split.readback) = (phases.map(\.upload).median, phases.map(\.compute).median, phases.map(\.readback).median)
        split.host = max(0, phases.map { $0.total - $0.upload - $0.compute - $0.readback }.median)
        return split
    }

    /// Makes everything anew, once without a cache and once with the one that earlier runs left.
    func coldCosts(_ graph: Graph, _ inputs: [[Float]], _ resources: PlanResources) throws(PlanFailure) -> Benchmark.ColdCosts {
        var cold = Benchmark.ColdCosts()
        switch self {
        case .cpu(let isa, let precision, let team):
            let start = milliseconds()
            let plan: CPUPlan
            do { plan = try CPUPlan(graph, team: team, weights: PackedWeights(), isa: isa, precision: precision) } catch { throw PlanFailure(error) }
            let packed = milliseconds()
            do { _ = try plan.run(inputs) } catch { throw PlanFailure(error) }
            (cold.packing, cold.run) = (packed - start, milliseconds() - packed)
        case .vulkan(let device, let storage):
            cold = try Backend.coldCosts(of: device, storage, graph, inputs, resources)
        }
        return cold
    }

    private static func coldCosts(
        of known: OpsinVulkan.Device, _ storage: Storage, _ graph: Graph, _ inputs: [[Float]], _ resources: PlanResources
    ) throws(PlanFailure) -> Benchmark.ColdCosts {
        var cold = Benchmark.ColdCosts()
        let start = milliseconds()
        let instance: VulkanInstance
        do { instance = try VulkanInstance(loader: LoaderFunctions()) } catch { throw PlanFailure(error) }
        let made = milliseconds()
        guard let index = instance.devices.firstIndex(where: { $0.uuid == known.info.uuid && $0.driverName == known.info.driverName }) else { return cold }
        var options = known.options
        options.cacheFolder = nil
        let listed = milliseconds()
        let device = try Backend.fresh(instance, index, options)
        (cold.instance, cold.device) = (made - start, milliseconds() - listed)
        let plan = try DevicePlan(graph, on: device, storage, resources.alone)
        (cold.pipelinesWithoutCache, cold.weights) = (plan.buildTimes.pipelines.milliseconds, plan.buildTimes.weights.milliseconds)
        let ready = milliseconds()
        _ = try plan.run(inputs)
        cold.run = milliseconds() - ready
        guard known.options.cacheFolder != nil else { return cold }
        let warm = try Backend.fresh(instance, index, known.options)
        if warm.pipelines.isWarm {
            cold.pipelinesWithCache = try DevicePlan(graph, on: warm, storage, resources.alone).buildTimes.pipelines.milliseconds
        }
        return cold
    }

    private static func fresh(_ instance: VulkanInstance, _ index: Int, _ options: DeviceOptions) throws(PlanFailure) -> OpsinVulkan.Device {
        do { return try OpsinVulkan.Device(instance, index: index, options: options) } catch { throw PlanFailure(error) }
    }
}

extension Backend {
    /// What runs here, for a plan that has no session.
    func report(_ runtime: Runtime, _ plan: CompiledPlan, bytes: Int) -> Report {
        var report = Report(
            device: runtime.device, precision: precision, isa: "", threads: 0, dispatches: plan.dispatchCount, fallbacks: runtime.fallbacks + plan.fallbacks,
            memoryBytes: plan.byteCount + bytes)
        if case .cpu(let isa, _, let team) = self { (report.device, report.isa, report.threads) = (.cpu, isa.rawValue, team.threads) }
        return report
    }
}

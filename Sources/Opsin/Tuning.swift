internal import OpsinGraph
internal import OpsinModels
internal import OpsinVulkan

/// Which kernels run a model fastest on a GPU, tried one after the other for a bounded time. What beats the heuristics is kept beside the pipeline cache and
/// counts for every model on that device, until the driver or the shaders change.
public struct Tuning: Sendable {
    /// One choice of kernels, measured.
    public struct Trial: Sendable {
        /// `64 workgroups, staged`; the first trial is what the heuristics choose.
        public let name: String
        /// Median of a run, with upload and readback.
        public let milliseconds: Double
        /// How many runs the median is of.
        public let runs: Int
    }

    /// What was tuned.
    public let device: Device
    /// In the order in which they were tried.
    public let trials: [Trial]
    /// Choices that the time did not suffice for.
    public let untried: Int
    /// Which trial was kept; 0: the heuristics stand.
    public let best: Int
    /// The file that keeps it; nil where the heuristics stand.
    public let path: String?

    /// A choice has to be so much faster than the heuristics': less is noise.
    private static let worthwhile = 0.97

    /// Tries for about `seconds`; one trial at least is made to its end. Without a `model` it is the one of `classify`.
    public static func run(
        _ selection: DeviceSelection, model: String?, precision: Precision = .default, seconds: Double
    ) throws(OpsinError) -> Tuning {
        let place = try Place(selection)
        var options = Runtime.Options()
        options.device = .cpu
        let path: String
        if let model { path = model } else { path = try ModelLocation.find(VisionTask.classify.defaultModelName ?? "") }
        let graph = try Model(Runtime(options), path: path).graphOfOwnSize(optimized: true)
        guard case .vulkan(_, let storage) = try Backend.vulkan(precision, place.device) else { throw OpsinError(.device, "no Vulkan device") }
        let clock = ContinuousClock(), start = clock.now
        let candidates = Tuning.candidates(place.device.traits)
        var trials: [Trial] = []
        do throws(VulkanError) {
            for (index, traits) in candidates.enumerated() {
                let spent = (clock.now - start).milliseconds * 1e-3
                guard index == 0 || spent < seconds else { break }
                let device = index == 0 ? place.device : try place.device(with: traits)
                let share = max(0.05, (seconds - spent) / Double(candidates.count - index))
                let (milliseconds, runs) = try measure(VulkanPlan(graph, on: device, storage: storage), seconds: share)
                trials.append(Trial(name: name(traits), milliseconds: milliseconds, runs: runs))
            }
        } catch {
            throw OpsinError(.device, "\(place.device.info.name): \(error.description)")
        }
        let fastest = trials.indices.min { trials[$0].milliseconds < trials[$1].milliseconds } ?? 0
        let isBetter = trials[fastest].milliseconds < trials[0].milliseconds * worthwhile
        let file = place.file
        if isBetter {
            let gain = Int((trials[0].milliseconds / trials[fastest].milliseconds - 1) * 100)
            if let defect = file.save(DeviceTuning(candidates[fastest], gain: gain)) { throw OpsinError(.io, defect) }
        } else {
            file.remove()
        }
        return Tuning(
            device: place.listed, trials: trials, untried: candidates.count - trials.count, best: isBetter ? fastest : 0, path: isBetter ? file.path : nil)
    }

    /// Removes what was kept for the device; false where nothing was.
    public static func forget(_ selection: DeviceSelection) throws(OpsinError) -> Bool { try Place(selection).file.remove() }

    /// Where it is measured: a device without an earlier tuning, and the file for the next one.
    private struct Place {
        let instance: VulkanInstance
        let index: Int
        let device: OpsinVulkan.Device
        let file: TuningFile

        init(_ selection: DeviceSelection) throws(OpsinError) {
            var options = DeviceOptions.current
            options.usesTuning = false
            guard let folder = options.cacheFolder else { throw OpsinError(.io, "there is no cache folder to keep a tuning in: set OPSIN_CACHE") }
            guard let request = Runtime.request(selection) else { throw OpsinError(.argument, "device \(selection): only a Vulkan device is tuned") }
            do throws(VulkanError) {
                instance = try VulkanInstance(loader: LoaderFunctions())
                index = try instance.choose(request)
                device = try OpsinVulkan.Device.open(instance, index: index, options: options)
            } catch {
                throw OpsinError(.device, "device \(selection): \(error.description)")
            }
            file = TuningFile(folder: folder, device: device.info)
        }

        var listed: Device { Device(instance.devices, index: index) }

        /// The same device with other kernels.
        func device(with traits: KernelTraits) throws(VulkanError) -> OpsinVulkan.Device {
            var options = device.options
            options.traits = traits
            return try OpsinVulkan.Device(instance, index: index, options: options)
        }
    }

    /// What is tried: on a GPU other numbers of workgroups, with staged products and without; on a driver that computes on the processor its two kernels.
    private static func candidates(_ traits: KernelTraits) -> [KernelTraits] {
        var list = [traits]
        func add(_ edit: (inout KernelTraits) -> Void) {
            var other = traits
            edit(&other)
            if !list.contains(other) { list.append(other) }
        }
        guard !traits.isProcessor else {
            add { $0.handsRound = false }
            return list
        }
        for (numerator, denominator) in [(1, 2), (2, 1), (1, 4), (4, 1)] { add { $0.workgroups = max(1, $0.workgroups * numerator / denominator) } }
        add { $0.tilesProducts.toggle() }
        return list
    }

    private static func name(_ traits: KernelTraits) -> String {
        guard !traits.isProcessor else { return traits.handsRound ? "values handed round in subgroups" : "each thread alone" }
        return "\(traits.workgroups) workgroups, \(traits.tilesProducts ? "staged" : "not staged")"
    }

    /// The median of as many runs as fit into `seconds`, three at least, after one that compiles.
    private static func measure(_ plan: VulkanPlan, seconds: Double) throws(VulkanError) -> (milliseconds: Double, runs: Int) {
        let inputs = plan.inputs.map { port in (0..<port.value.shape.count).map { Float($0 % 255) / 127 - 1 } }
        _ = try plan.run(inputs)
        let clock = ContinuousClock(), start = clock.now
        var times: [Double] = []
        while times.count < 3 || (times.count < 200 && (clock.now - start).milliseconds < seconds * 1e3) {
            let begin = clock.now
            _ = try plan.run(inputs)
            times.append((clock.now - begin).milliseconds)
        }
        return (times.sorted()[times.count / 2], times.count)
    }
}

extension Tuning {
    /// The form of `opsin tune --json`.
    public var jsonText: String {
        JSON.object([
            .init("schema_version", 1), .init("device", .string(device.id)), .init("name", .string(device.name)),
            .init(
                "trials",
                .array(trials.map { ["name": .string($0.name), "ms": .rounded($0.milliseconds), "runs": .integer($0.runs)] })),
            .init("untried", .integer(untried)), .init("best", .integer(best)), .init("file", path.map { .string($0) } ?? .null),
        ]).text
    }
}

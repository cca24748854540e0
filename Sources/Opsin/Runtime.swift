internal import Glibc
internal import OpsinCPU
package import OpsinVulkan
internal import Synchronization

/// The device that models run on, chosen once, and the threads of the CPU. Any thread may use it.
public final class Runtime: Sendable {
    /// What a runtime is made with.
    public struct Options: Hashable, Sendable {
        /// Which device is wanted.
        public var device = DeviceSelection.auto
        /// Whether the CPU may take over when the device that was asked for cannot be used. `OPSIN_NO_CPU_FALLBACK=1` forbids it whatever this says.
        public var allowsCPUFallback = true
        /// Where compiled pipelines and verdicts of self-tests are kept, made when absent; nil is what the environment says, "" nowhere.
        public var cacheFolder: String?

        /// The best GPU, else the CPU.
        public init() {}
    }

    /// What `options.device` came down to.
    public let device: Device
    /// Why another device than the one asked for is used; empty when it is the one.
    public let fallbacks: [Fallback]
    /// Whether the CPU may take over where a GPU fails.
    public let allowsCPUFallback: Bool

    /// The GPU of the runtime; nil on the CPU. Replaced once after a loss.
    private let gpu: Mutex<OpsinVulkan.Device?>
    private let request: DeviceRequest?
    private let vulkan: Vulkan
    /// Teams by number of threads: sessions with equal numbers share one and take turns, so that two sessions do not fight for the cores.
    private let teams = Mutex<[Int: CPUTeam]>([:])

    /// Throws `.device` when the device cannot be used and no fallback is allowed.
    public convenience init(_ options: Options = Options()) throws(OpsinError) {
        try self.init(options, vulkan: Vulkan())
    }

    /// How the runtime comes to Vulkan: tests put drivers that fail in its place.
    package struct Vulkan: Sendable {
        /// Starts the drivers; called anew after a loss.
        package var instance: @Sendable () throws(VulkanError) -> VulkanInstance = { () throws(VulkanError) in try VulkanInstance(loader: LoaderFunctions()) }
        package var options: DeviceOptions = .current

        package init() {}
    }

    package convenience init(_ options: Options, vulkan: Vulkan) throws(OpsinError) {
        try self.init(options, vulkan) { (vulkan, allowsCPUFallback) throws(OpsinError) in
            try Runtime.start(options.device, vulkan, allowsCPUFallback: allowsCPUFallback)
        }
    }

    /// On an application's own device, which outlives the runtime and everything made from it. After a loss the CPU takes over, where that is allowed: nobody
    /// but the application can open its device anew.
    package convenience init(_ shared: SharedDevice, _ options: Options, vulkan: Vulkan = Vulkan()) throws(OpsinError) {
        try self.init(options, vulkan) { (vulkan, _) throws(OpsinError) in
            do throws(VulkanError) {
                let instance = try VulkanInstance(shared)
                guard instance.devices[0].queueFamily != nil else {
                    throw VulkanError(.unsupported, "queue family \(shared.queueFamily) of \(instance.devices[0].name) does not compute, or does not exist")
                }
                let found = try OpsinVulkan.Device.open(instance, index: 0, options: vulkan.options)
                return Start(device: Device(instance.devices, index: 0), gpu: found)
            } catch {
                throw OpsinError(.device, "the application's device: \(error.description)")
            }
        }
    }

    private init(_ options: Options, _ vulkan: Vulkan, _ begin: (Vulkan, Bool) throws(OpsinError) -> Start) throws(OpsinError) {
        allowsCPUFallback = options.allowsCPUFallback && !(environment("OPSIN_NO_CPU_FALLBACK").map { $0 != "0" } ?? false)
        var vulkan = vulkan
        if let folder = options.cacheFolder, !vulkan.options.disabled.contains(.pipelineCache) {
            vulkan.options.cacheFolder = folder.isEmpty ? nil : folder
        }
        let start = try begin(vulkan, allowsCPUFallback)
        self.vulkan = vulkan
        (device, fallbacks, request) = (start.device, start.fallbacks, start.request)
        gpu = Mutex(start.gpu)
    }

    /// What a runtime begins with.
    private struct Start {
        var device = Device.cpu
        var fallbacks: [Fallback] = []
        var gpu: OpsinVulkan.Device?
        var request: DeviceRequest?
    }

    private static func start(_ selection: DeviceSelection, _ vulkan: Vulkan, allowsCPUFallback: Bool) throws(OpsinError) -> Start {
        var start = Start()
        guard let request = request(selection), selection != .auto || mayHaveGPU else { return start }
        do {
            let instance = try vulkan.instance()
            let index = try instance.choose(request)
            let found = try OpsinVulkan.Device.open(instance, index: index, options: vulkan.options)
            (start.device, start.gpu, start.request) = (Device(instance.devices, index: index), found, request)
        } catch {
            // Nobody asked for a GPU by name: that there is none is no news.
            guard selection != .auto else { return start }
            guard allowsCPUFallback else { throw OpsinError(.device, "device \(selection): \(error.description), and falling back to the CPU is forbidden") }
            start.fallbacks = [Fallback(what: "device \(selection)", reason: error.description)]
        }
        return start
    }

    /// Where a session of this runtime runs.
    func backend(_ precision: Precision, threads: Int) throws(OpsinError) -> Backend {
        if let device = gpu.withLock({ $0 }) { return try .vulkan(precision, device) }
        return try .cpu(precision, team: team(threads: threads))
    }

    /// The GPU; nil on the CPU.
    var vulkanDevice: OpsinVulkan.Device? { gpu.withLock { $0 } }

    /// A store of weights on the GPU for plans that belong to no model; nil on the CPU.
    var gpuWeights: DeviceWeights? { gpu.withLock { $0 }.map { DeviceWeights($0) } }

    /// A new device in the place of `lost`, unless another session has made one already. Throws when there is none.
    func replacement(for lost: OpsinVulkan.Device) throws(PlanFailure) -> OpsinVulkan.Device {
        guard let request else { throw PlanFailure(VulkanError(.noDevice, "the device is lost, and is not ours to open anew")) }
        do {
            return try gpu.withLock { (gpu) throws(VulkanError) in
                if let current = gpu, current !== lost, current.failure == nil { return current }
                let instance = try vulkan.instance()
                let fresh = try OpsinVulkan.Device.open(instance, index: instance.choose(request), options: vulkan.options)
                gpu = fresh
                return fresh
            }
        } catch {
            throw PlanFailure(error)
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

    /// A team of nobody else's.
    func newTeam(_ threads: Int) throws(OpsinError) -> CPUTeam {
        do {
            return try CPUTeam(threads: threads)
        } catch {
            throw OpsinError(.device, error.description)
        }
    }

    static func request(_ selection: DeviceSelection) -> DeviceRequest? {
        switch selection {
        case .cpu: nil
        case .auto: .auto
        case .vulkan: .best
        case .vulkanDevice(let name): Int(name).map { name.count < 8 ? .index($0) : .uuid(name) } ?? .uuid(name)
        }
    }

    /// Whether the kernel has a device node of any GPU. Without one `auto` need not start the Vulkan loader and its software drivers, which takes longer
    /// than a small model.
    private static var mayHaveGPU: Bool {
        let nodes = ["/dev/dri", "/dev/nvidiactl", "/dev/dxg", "/dev/kgsl-3d0", "/dev/mali0", "/dev/kfd"]
        return nodes.contains { node in unsafe access(node, F_OK) == 0 }
    }
}

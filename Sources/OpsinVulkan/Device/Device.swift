/// A Vulkan device that is ready to compute: memory, pipelines and command lists are made through it. Knows no tensors.
///
/// Buffers, pipelines and command lists keep what they need alive, in any order of release. After a loss (`failure`), drop all of them and make a new one.
package final class Device: Sendable {
    package let info: DeviceInfo
    package let options: DeviceOptions
    /// What is switched on: what the device has, without `options.disabled`.
    package let features: DeviceFeatures
    /// What the table of known devices says of it.
    package let known: [KnownDevice]
    /// What `opsin tune` found; nil where the heuristics stand.
    package let tuning: DeviceTuning?
    /// Which kernels suit it.
    package let traits: KernelTraits
    package let memory: MemoryPool
    package let pipelines: PipelineStore
    let core: DeviceCore

    /// Device `index` of `instance`. `shaders` is the hash of the shaders that will run, for the name of the cache file.
    package init(_ instance: VulkanInstance, index: Int, options: DeviceOptions = .current, shaders: UInt64 = Shaders.hash) throws(VulkanError) {
        guard instance.devices.indices.contains(index) else {
            throw VulkanError(.noDevice, "Vulkan device \(index) does not exist, there are \(instance.devices.count)")
        }
        var info = instance.devices[index]
        if let most = options.maximumStorageRange { info.limits.maximumStorageRange = min(info.limits.maximumStorageRange, most) }
        let known = options.usesKnownDevices ? KnownDevice.rows(of: info) : []
        let features = info.features.without(options.disabled.union(known.flatMap(\.distrusted.keys)))
        let core = try DeviceCore(instance, index: index, enabling: features)
        let file = options.cacheFolder.map { PipelineCacheFile(folder: $0, device: info, shaders: shaders) }
        (self.info, self.options, self.features, self.core) = (info, options, features, core)
        self.known = known
        let heuristics = KernelTraits(info, features, known)
        let kept = options.traits == nil && options.usesTuning ? options.cacheFolder : nil
        tuning = kept.flatMap { TuningFile(folder: $0, device: info, shaders: shaders).load() }
        var traits = options.traits ?? tuning?.applied(to: heuristics) ?? heuristics
        if let workgroups = options.workgroups { traits.workgroups = workgroups }
        self.traits = traits
        memory = try MemoryPool(core)
        pipelines = PipelineStore(core, features: features, file: file)
    }

    /// The device for `request`, from the loader on: any failure is one sentence for the report.
    ///
    /// At a device's first use every optional feature is tested; one that computes wrong numbers stays off, and `distrusted` of the options says why. The
    /// verdicts are kept beside the pipelines.
    package static func open(_ request: DeviceRequest, options: DeviceOptions = .current) throws(VulkanError) -> Device {
        let instance = try VulkanInstance(loader: LoaderFunctions())
        return try open(instance, index: try instance.choose(request), options: options)
    }

    /// The same for device `index` of an instance.
    package static func open(_ instance: VulkanInstance, index: Int, options: DeviceOptions) throws(VulkanError) -> Device {
        let device = try Device(instance, index: index, options: options)
        let file = options.cacheFolder.map { VerdictFile(folder: $0, device: device.info, shaders: Shaders.hash) }
        let defects: [Feature: String]
        if let known = file?.load() {
            defects = known
        } else {
            defects = SelfTest.run(device)
            if let failure = device.failure { throw failure }
            file?.save(defects)
        }
        guard !defects.isEmpty else { return device }
        var trusted = options
        trusted.disabled.formUnion(defects.keys)
        trusted.distrusted = defects
        return try Device(instance, index: index, options: trusted)
    }

    /// Longest wait for one submit: ten seconds, on a driver that computes on the processor two minutes, because it compiles at the first dispatch.
    package var timeoutMilliseconds: Int { options.timeoutMilliseconds ?? (info.kind == .cpu ? 120_000 : 10_000) }

    /// Why the device counts as lost; nil while it works.
    package var failure: VulkanError? { core.failure }
}

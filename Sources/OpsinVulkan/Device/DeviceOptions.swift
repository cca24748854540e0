internal import Glibc

/// What the environment says about Vulkan.
package struct DeviceOptions: Sendable {
    /// `OPSIN_VK_DISABLE=fp16,int8,coopmat,subgroups,shared_sizes,pipeline_cache,op:NAME`
    package var disabled: Set<Feature> = []
    /// Features that failed their self-test on this device, and how; they are in `disabled` too.
    package var distrusted: [Feature: String] = [:]
    /// Ops by name that no plan may run on the device; they are the CPU's.
    package var refused: Set<String> = []
    /// Most bytes of a binding, where it is to be less than the device's own limit.
    package var maximumStorageRange: Int?
    /// Words of `OPSIN_VK_DISABLE` that name nothing, for `opsin doctor`.
    package var unknown: [String] = []
    /// Where pipelines are kept between runs; nil keeps none.
    package var cacheFolder: String?
    /// Longest wait for one submit; nil is what suits the device.
    package var timeoutMilliseconds: Int?

    /// Whether the table of known devices counts: not with `OPSIN_VK_KNOWN=0`.
    package var usesKnownDevices = true
    /// Whether what `opsin tune` found counts: not with `OPSIN_VK_TUNING=0`.
    package var usesTuning = true
    /// `OPSIN_VK_WORKGROUPS`: how many workgroups fill the device; nil is what it says or its kind suggests.
    package var workgroups: Int?

    /// For tests: the traits of another device, whose kernels then run here; nil is this device's own.
    package var traits: KernelTraits?

    package init() {}

    /// Reads `OPSIN_VK_DISABLE`, and `OPSIN_CACHE`, `XDG_CACHE_HOME` or `HOME` for the folder. Tests pass a dictionary's subscript.
    package init(environment: (String) -> String?) {
        for word in (environment("OPSIN_VK_DISABLE") ?? "").split(separator: ",").map({ $0.filter { $0 != " " } }) where !word.isEmpty {
            if let feature = Feature(rawValue: word) {
                disabled.insert(feature)
            } else if word.hasPrefix("op:"), word.count > 3 {
                refused.insert(String(word.dropFirst(3)))
            } else {
                unknown.append(word)
            }
        }
        let folders = [("OPSIN_CACHE", ""), ("XDG_CACHE_HOME", "/opsin"), ("HOME", "/.cache/opsin")]
        for (name, tail) in folders where cacheFolder == nil {
            if let value = environment(name), !value.isEmpty { cacheFolder = value + tail }
        }
        if disabled.contains(.pipelineCache) { cacheFolder = nil }
        (usesKnownDevices, usesTuning) = (environment("OPSIN_VK_KNOWN") != "0", environment("OPSIN_VK_TUNING") != "0")
        workgroups = environment("OPSIN_VK_WORKGROUPS").flatMap { Int($0) }.flatMap { (1...1 << 20).contains($0) ? $0 : nil }
    }

    /// Those of this process.
    package static var current: DeviceOptions { DeviceOptions { name in unsafe getenv(name).map { unsafe String(cString: $0) } } }
}

internal import CVulkan
internal import Glibc
internal import Synchronization

/// What a pipeline is made from: one variant and its specialization data.
package struct PipelineRequest: Sendable {
    package let spirv: SPIRV
    package let constants: [UInt32]

    package init(spirv: SPIRV, constants: [UInt32]) { (self.spirv, self.constants) = (spirv, constants) }

    package init(_ shader: some Shader) { self.init(spirv: shader.spirv, constants: shader.constants) }

    var key: PipelineKey { PipelineKey(hash: spirv.hash, constants: constants) }
}

/// Equal keys have equal pipelines.
struct PipelineKey: Hashable {
    let hash: UInt64
    let constants: [UInt32]
}

/// Every pipeline of a device, made once, in parallel, and kept with what the driver's cache remembers on disk.
@safe package final class PipelineStore: @unchecked Sendable {  // the cache handle is free-threaded; the rest is under locks
    private struct State {
        var pipelines: [PipelineKey: Pipeline] = [:]
        var layouts: [Int: PipelineLayout] = [:]
    }

    private let core: DeviceCore
    private let features: DeviceFeatures
    private let file: PipelineCacheFile?
    private let cache: VkPipelineCache?
    private let state = Mutex(State())
    /// Why the file could not be used, for `opsin doctor`.
    package let cacheDefect: String?
    /// True when the driver started from what an earlier process left.
    package let isWarm: Bool

    init(_ core: DeviceCore, features: DeviceFeatures, file: PipelineCacheFile?) {
        (self.core, self.features, self.file) = (core, features, file)
        let loaded: (data: [UInt8]?, reason: String?) = file?.load() ?? (nil, nil)
        let warm = unsafe loaded.data.flatMap { unsafe PipelineStore.makeCache(core, $0) }
        unsafe cache = warm ?? PipelineStore.makeCache(core, [])
        isWarm = unsafe warm != nil
        cacheDefect = loaded.reason
    }

    /// Threads that compile: one a processor, two at least, eight at most.
    package static let compilers = min(max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 2), 8)

    deinit {
        guard !core.isAbandoned else { return }
        unsafe core.vk.destroyPipelineCache(core.handle, cache, nil)
    }

    /// The pipelines for `requests`, in their order. Missing ones are made by `threads` threads and the cache file is written once.
    package func pipelines(_ requests: [PipelineRequest], threads: Int = PipelineStore.compilers) throws(VulkanError) -> [Pipeline] {
        for request in requests { try check(request) }
        let missing = state.withLock { state in
            var seen: Set<PipelineKey> = []
            return requests.filter { state.pipelines[$0.key] == nil && seen.insert($0.key).inserted }
        }
        let layouts = try missing.map { request throws(VulkanError) in try layout(buffers: request.spirv.access.count, push: request.spirv.pushCount) }
        let failure = Mutex<VulkanError?>(nil)
        inParallel(missing.count, threads: threads) { index in
            guard failure.withLock({ $0 == nil }) else { return }
            do throws(VulkanError) {
                let request = missing[index]
                let pipeline = try unsafe Pipeline(core, request.spirv, constants: request.constants, layout: layouts[index], cache: cache)
                state.withLock { $0.pipelines[request.key] = pipeline }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        if !missing.isEmpty { save() }
        let list = state.withLock { state in requests.compactMap { state.pipelines[$0.key] } }
        guard list.count == requests.count else { throw VulkanError(.driver, "\(requests.count - list.count) pipelines are missing") }
        return list
    }

    /// One pipeline.
    package func pipeline(_ request: PipelineRequest) throws(VulkanError) -> Pipeline {
        guard let pipeline = try pipelines([request], threads: 1).first else { throw VulkanError(.driver, "no pipeline of \(request.spirv.name)") }
        return pipeline
    }

    /// Throws where the device lacks what a pipeline needs.
    func check(_ request: PipelineRequest) throws(VulkanError) {
        let spirv = request.spirv
        if let missing = features.missing(for: spirv) {
            throw VulkanError(.unsupported, "\(spirv.name) needs \(missing), which \(core.info.name) lacks or has switched off")
        }
        guard request.constants.count == spirv.constantCount else {
            throw VulkanError(.argument, "\(spirv.name) takes \(spirv.constantCount) constants, found \(request.constants.count)")
        }
        let limits = core.info.limits, threads = spirv.threads.value(request.constants), shared = spirv.sharedBytes.value(request.constants)
        guard threads <= limits.maximumInvocations, threads <= limits.maximumGroupSize.first ?? 0 else {
            throw VulkanError(
                .unsupported,
                "\(spirv.name) runs \(threads) threads a workgroup, \(core.info.name) \(min(limits.maximumInvocations, limits.maximumGroupSize.first ?? 0))")
        }
        guard shared <= limits.sharedMemory else {
            throw VulkanError(.unsupported, "\(spirv.name) needs \(shared) bytes of shared memory, \(core.info.name) has \(limits.sharedMemory)")
        }
        guard spirv.pushCount * 4 <= core.info.limits.maximumPushConstants else {
            throw VulkanError(
                .unsupported,
                "\(spirv.name) needs \(spirv.pushCount * 4) bytes of push constants, \(core.info.name) has \(core.info.limits.maximumPushConstants)")
        }
    }

    private func layout(buffers: Int, push: Int) throws(VulkanError) -> PipelineLayout {
        let key = buffers * 256 + push
        if let known = state.withLock({ $0.layouts[key] }) { return known }
        let made = try PipelineLayout(core, buffers: buffers, push: push)
        state.withLock { $0.layouts[key] = made }
        return made
    }

    private static func makeCache(_ core: DeviceCore, _ data: [UInt8]) -> VkPipelineCache? {
        var cache: VkPipelineCache?
        let result = unsafe data.withUnsafeBytes { data in
            var info = unsafe VkPipelineCacheCreateInfo()
            unsafe info.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO
            unsafe info.initialDataSize = data.count
            unsafe info.pInitialData = data.baseAddress
            return unsafe core.vk.createPipelineCache(core.handle, &info, nil, &cache)
        }
        // A pipeline can be made without a cache: a failure here only costs time.
        return result == VK_SUCCESS ? unsafe cache : nil
    }

    private func save() {
        guard let file, let cache = unsafe cache else { return }
        var count = 0
        guard unsafe core.vk.getPipelineCacheData(core.handle, cache, &count, nil) == VK_SUCCESS, count > 0, count < 256 << 20 else { return }
        var data = [UInt8](repeating: 0, count: count)
        guard unsafe core.vk.getPipelineCacheData(core.handle, cache, &count, &data) == VK_SUCCESS else { return }
        _ = file.save(Array(data.prefix(count)))
    }
}

import OpsinGraph
import OpsinVulkan
import Testing

/// The Vulkan rows of the tables of backends: the machine's device, opened once, without a cache.
enum VulkanRow {
    static let device = Result { () throws(VulkanError) in
        let instance = try VulkanInstance(loader: LoaderFunctions())
        var options = DeviceOptions()
        // llvmpipe compiles at the first run, on a busy machine for seconds.
        options.timeoutMilliseconds = 120_000
        return try Device(instance, index: try instance.choose(.best), options: options)
    }

    /// The storages of the device; none without Vulkan.
    static var storages: [Storage] { (try? device.get()).map { $0.features.fp16 ? Storage.allCases : [.f32] } ?? [] }
}

@Suite struct VulkanRowTests {
    @Test(.enabled(if: !VulkanRow.storages.isEmpty, "no Vulkan device is here (Debian: mesa-vulkan-drivers): every op runs on the CPU's rows only"))
    func vulkanIsARowOfEveryTable() {
        #expect(Backend.here.contains { $0.vulkan == .f32 } && Way.all.contains { $0.vulkan == .f32 })
    }
}

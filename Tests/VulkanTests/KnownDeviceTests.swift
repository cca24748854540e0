import CVulkan
import OpsinGraph
import OpsinVulkan
import Testing

/// The table of known devices, and what its rows do.
@Suite struct KnownDeviceTests {
    private func info(_ driver: VkDriverId, vendor: UInt32, _ kind: DeviceInfo.Kind = .discrete, cores: Int? = nil) -> DeviceInfo {
        var info = DeviceInfo(
            name: "gpu", kind: kind, vendorID: vendor, deviceID: 2, driverName: "d", driverInfo: "1.0", driverVersion: 3,
            apiVersion: Version(major: 1, minor: 3, patch: 0), uuid: [UInt8](0..<16), memoryBytes: 1, features: DeviceFeatures(), limits: DeviceLimits(),
            queueFamily: 0)
        (info.driverID, info.cores) = (driver.rawValue, cores)
        return info
    }

    private func names(_ info: DeviceInfo) -> [String] { KnownDevice.rows(of: info).map(\.name) }

    @Test func rowsAreFoundByDriverAndVendor() {
        #expect(names(info(VK_DRIVER_ID_NVIDIA_PROPRIETARY, vendor: 0x10de)) == ["NVIDIA's driver"])
        #expect(names(info(VK_DRIVER_ID_MESA_RADV, vendor: 0x1002)) == ["RADV"])
        #expect(names(info(VK_DRIVER_ID_MOLTENVK, vendor: 0x106b)) == ["MoltenVK"])
        #expect(names(info(VK_DRIVER_ID_MOLTENVK, vendor: 0x1002)) == ["MoltenVK", "MoltenVK on AMD and Intel"])
        #expect(names(info(VkDriverId(rawValue: 0), vendor: 0x10de)).isEmpty)
    }

    @Test func mainMemoryIsNotStagedAndCoresAreCounted() {
        let mali = info(VK_DRIVER_ID_ARM_PROPRIETARY, vendor: 0x13b5, .integrated, cores: 10)
        #expect(!KernelTraits(mali, mali.features, KnownDevice.rows(of: mali)).tilesProducts)
        #expect(KernelTraits(mali, mali.features).tilesProducts)
        #expect(KernelTraits(mali, mali.features).workgroups == 20)
        #expect(KernelTraits(info(VK_DRIVER_ID_MESA_RADV, vendor: 0x1002), DeviceFeatures()).workgroups == 256)
    }

    @Test func theEnvironmentOverrules() {
        let options = DeviceOptions { ["OPSIN_VK_KNOWN": "0", "OPSIN_VK_WORKGROUPS": "64"][$0] }
        #expect(!options.usesKnownDevices && options.workgroups == 64)
        for bad in ["", "0", "-3", "many", "99999999999"] { #expect(DeviceOptions { $0 == "OPSIN_VK_WORKGROUPS" ? bad : nil }.workgroups == nil) }
        #expect(DeviceOptions { _ in nil }.usesKnownDevices)
    }

    /// Without shared memory that constants size, ops that need it are the CPU's, with the reason; the others run.
    @Test(.enabled(if: VulkanHere.isThere, VulkanHere.reason))
    func withoutSharedSizesOpsFallBack() throws {
        var options = DeviceOptions()
        (options.disabled, options.workgroups) = ([.sharedSizes], 77)
        let device = try VulkanHere.device(options)
        #expect(device.traits.workgroups == 77 && !device.known.isEmpty)
        var graph = Graph()
        let x = graph.input("x", shape: try Shape(n: 1, h: 1, w: 3, c: 17))
        let y = try graph.append(.softmax(Softmax()), [x], name: "softmax")
        graph.output("y", try graph.append(.activation(Activation(.relu)), [y], name: "relu"), layout: .nhwc)
        let refusals = try VulkanPlan.judged(graph, on: device, storage: .f32).refusals
        #expect(refusals.keys.sorted() == [0] && refusals[0]?.contains("shared memory sized by constants") == true)
        #expect(try VulkanPlan.judged(graph, on: VulkanHere.device(), storage: .f32).refusals.isEmpty)
    }
}

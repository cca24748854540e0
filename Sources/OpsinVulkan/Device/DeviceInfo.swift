/// What is known about one Vulkan device before anything is made on it.
package struct DeviceInfo: Sendable {
    /// Raw values order devices: a larger one is taken first.
    package enum Kind: Int, Sendable, CustomStringConvertible {
        case cpu, other, virtual, integrated, discrete

        package var description: String { ["cpu", "other", "virtual", "integrated", "discrete"][rawValue] }
    }

    package var name: String
    package var kind: Kind
    package var vendorID: UInt32
    package var deviceID: UInt32
    /// `llvmpipe`, `NVIDIA`; empty where the driver does not say.
    package var driverName: String
    /// The driver's own version text.
    package var driverInfo: String
    package var driverVersion: UInt32
    /// `1.3.230`
    package var apiVersion: Version
    /// `VkDriverId`; 0 where the driver does not say.
    package var driverID: UInt32 = 0
    /// The conformance tests that the driver passed, `[1, 3, 2, 0]`; empty where it names none.
    package var conformance: [Int] = []
    /// Processors that run workgroups (NVIDIA's multiprocessors, AMD's compute units, Arm's cores); nil where the driver does not say.
    package var cores: Int?
    /// 16 bytes that name this GPU under every driver.
    package var uuid: [UInt8]
    /// Nil where the driver does not say.
    package var pci: PCIAddress?
    /// What the system calls the GPU (8 bytes) and the bits of its nodes (4); nil where it has no such name.
    package var luid: [UInt8]?
    /// Bytes of the largest device-local heap.
    package var memoryBytes: UInt64
    package var features: DeviceFeatures
    package var limits: DeviceLimits
    /// The queue family that we compute on; nil where none computes.
    package var queueFamily: UInt32?

    package init(
        name: String, kind: Kind, vendorID: UInt32, deviceID: UInt32, driverName: String, driverInfo: String, driverVersion: UInt32, apiVersion: Version,
        uuid: [UInt8], memoryBytes: UInt64, features: DeviceFeatures, limits: DeviceLimits, queueFamily: UInt32?
    ) {
        (self.name, self.kind, self.vendorID, self.deviceID) = (name, kind, vendorID, deviceID)
        (self.driverName, self.driverInfo, self.driverVersion, self.apiVersion) = (driverName, driverInfo, driverVersion, apiVersion)
        (self.uuid, self.memoryBytes, self.features, self.limits, self.queueFamily) = (uuid, memoryBytes, features, limits, queueFamily)
    }

    /// `f0a3...`, 32 hexadecimal digits.
    package var uuidText: String { uuid.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// Why nothing can run here; nil where it can.
    package var defect: String? {
        if apiVersion < Version(major: 1, minor: 1, patch: 0) { return "it has Vulkan \(apiVersion), 1.1 is needed" }
        if queueFamily == nil { return "it has no queue that computes" }
        return nil
    }
}

/// A Vulkan version without its variant.
package struct Version: Comparable, Sendable, CustomStringConvertible {
    package let major: Int
    package let minor: Int
    package let patch: Int

    package init(major: Int, minor: Int, patch: Int) { (self.major, self.minor, self.patch) = (major, minor, patch) }

    /// Vulkan packs 7, 10 and 12 bits.
    init(packed: UInt32) { self.init(major: Int(packed >> 22 & 0x7f), minor: Int(packed >> 12 & 0x3ff), patch: Int(packed & 0xfff)) }

    package static func < (a: Version, b: Version) -> Bool { (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch) }
    package var description: String { "\(major).\(minor).\(patch)" }
}

/// The numbers that kernels and memory must respect.
package struct DeviceLimits: Sendable {
    package var maximumAllocation = 1 << 30
    package var maximumStorageRange = 1 << 27
    package var maximumPushConstants = 128
    package var maximumInvocations = 128
    package var maximumGroupSize: [Int] = [128, 128, 64]
    package var maximumGroupCount: [Int] = [65_535, 65_535, 65_535]
    package var sharedMemory = 16_384
    package var storageAlignment = 256
    /// Host memory is shared in multiples of it.
    package var hostPointerAlignment = 4096
    /// Granularity of flushes of memory that is not coherent.
    package var atomSize = 256
    package var subgroupSize = 1
    /// Nanoseconds of one tick; 0 where the queue has no timestamps.
    package var timestampPeriod: Double = 0

    package init() {}
}

internal import CKernels
internal import Glibc
internal import OpsinCPU
package import OpsinVulkan

/// Something that can run models.
public struct Device: Hashable, Sendable {
    /// What sort of device it is.
    public enum Kind: String, Hashable, Sendable {
        /// The processor, or a GPU through Vulkan.
        case cpu, vulkan
    }

    /// What Vulkan says of a GPU.
    public struct GPU: Hashable, Sendable {
        /// `discrete`, `integrated`, `virtual`, `other`, or `cpu` for a driver that computes on the processor.
        public let type: String
        /// 16 bytes that name this GPU under every driver.
        public let uuid: [UInt8]
        /// PCI vendor.
        public let vendorID: UInt32
        /// `1.3.230`
        public let apiVersion: String
        /// The version as Vulkan packs it.
        public let packedAPIVersion: UInt32
        /// Threads that run in step.
        public let subgroupSize: Int
    }

    /// A driver that shows a GPU which a better one shows too.
    public struct OtherDriver: Hashable, Sendable {
        /// What selects the GPU under this driver all the same: `vulkan:1`.
        public let id: String
        /// Its name and version.
        /// The driver's name and version.
        public let driver: String
        /// Why it is left out.
        public let reason: String
    }

    /// CPU or Vulkan.
    public let kind: Kind
    /// What selects it: `cpu`, `vulkan:0`.
    public let id: String
    /// The processor's or GPU's own name.
    public let name: String
    /// Driver and version; for the CPU the best instruction set.
    public let driver: String
    /// Instruction sets (CPU) or features (GPU) that Opsin uses on it, best first.
    public let features: [String]
    /// Bytes of the machine's memory, or of the GPU's own.
    public let memoryBytes: UInt64
    /// Physical cores that this process may use; 0 for a GPU.
    public let cores: Int
    /// What a session takes when no number of threads is asked for; 0 for a GPU.
    public let defaultThreads: Int
    /// Nil for the CPU.
    public let gpu: GPU?
    /// Other drivers of the same GPU, which are not listed on their own.
    public internal(set) var otherDrivers: [OtherDriver] = []
    /// Whether `auto` takes it.
    public internal(set) var isChosen: Bool
    /// Why `auto` takes it or not.
    public internal(set) var reason: String

    /// The processor this process runs on.
    public static let cpu: Device = {
        let features = opsin_cpu_detect()
        var names: [String] = []
        if features.amx_bf16 { names.append("amx_bf16") }
        if features.avx512_bf16 { names.append("avx512_bf16") }
        let dots = [("amx_int8", features.amx_int8), ("avx512_vnni", features.avx512_vnni), ("avx_vnni", features.avx_vnni), ("neon_dot", features.neon_dot)]
        names += dots.filter(\.1).map(\.0)
        let isas = ISA.available.reversed().map(\.rawValue)
        let memory = UInt64(clamping: sysconf(Int32(_SC_PHYS_PAGES))).multipliedReportingOverflow(by: UInt64(clamping: sysconf(Int32(_SC_PAGESIZE))))
        return Device(
            kind: .cpu, id: "cpu", name: processorName(), driver: isas.first ?? "generic", features: names + isas, memoryBytes: memory.partialValue,
            cores: Int(opsin_cpu_available()), defaultThreads: CPUTeam.defaultThreads, gpu: nil, isChosen: true, reason: "chosen")
    }()

    /// Every device of this machine with what `auto` thinks of it. The CPU is always among them, first; a GPU under two drivers is there once.
    public static func all() -> [Device] { all { () throws(VulkanError) in try VulkanInstance(loader: LoaderFunctions()) } }

    /// The same with Vulkan as `instance` starts it, for tests.
    package static func all(_ instance: () throws(VulkanError) -> VulkanInstance) -> [Device] {
        var cpu = Device.cpu
        let devices: [DeviceInfo]
        do throws(VulkanError) {
            devices = try instance().devices
        } catch {
            cpu.reason = "chosen: no GPU (\(error.description))"
            return [cpu]
        }
        let listings = judge(devices, for: .auto)
        let gpus = listings.indices.filter { listings[$0].twin == nil }.map { index in
            var device = Device(devices, index: index)
            (device.isChosen, device.reason) = (listings[index].chosen, listings[index].reason)
            return device
        }
        if let gpu = gpus.first(where: \.isChosen) {
            (cpu.isChosen, cpu.reason) = (false, "\(gpu.id) is preferred")
        } else {
            cpu.reason = gpus.isEmpty ? "chosen: no GPU" : "chosen: no real GPU"
        }
        return [cpu] + gpus
    }
}

extension Device {
    /// Vulkan device number `index` of this machine's.
    init(_ devices: [DeviceInfo], index: Int) {
        self.init(devices[index], index: index)
        let others = judge(devices, for: .auto).enumerated().filter { $0.element.twin?.index == index }
        otherDrivers = others.map { number, other in
            OtherDriver(id: "vulkan:\(number)", driver: other.info.driverText, reason: other.twin?.because ?? "")
        }
    }

    /// What is known of it alone.
    private init(_ info: DeviceInfo, index: Int) {
        var features: [String] = []
        if info.features.fp16 { features.append("fp16") }
        if info.features.storage8, info.features.int8 { features.append("int8") }
        if info.features.cooperativeMatrixNV || info.features.cooperativeMatrixKHR { features.append("cooperative_matrix") }
        features.append("subgroup \(info.limits.subgroupSize)")
        let version = info.apiVersion
        let gpu = GPU(
            type: info.kind.description, uuid: info.uuid, vendorID: info.vendorID, apiVersion: version.description,
            packedAPIVersion: UInt32(version.major) << 22 | UInt32(version.minor) << 12 | UInt32(version.patch), subgroupSize: info.limits.subgroupSize)
        self.init(
            kind: .vulkan, id: "vulkan:\(index)", name: info.name, driver: info.driverText, features: features, memoryBytes: info.memoryBytes,
            cores: 0, defaultThreads: 0, gpu: gpu, isChosen: false, reason: "")
    }
}

/// The model name that Linux reports for the processor, or the architecture where it reports none.
private func processorName() -> String {
    guard let text = readSmallFile("/proc/cpuinfo") else { return "CPU" }
    for line in text.split(separator: "\n") where line.hasPrefix("model name") {
        if let colon = line.firstIndex(of: ":") { return String(line[line.index(after: colon)...].drop { $0 == " " }) }
    }
    #if arch(arm64)
        return "AArch64 CPU"
    #else
        return "x86-64 CPU"
    #endif
}

/// The first 64 KiB of a text file; nil when it cannot be read.
package func readSmallFile(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while bytes.count < 65536 {
        let got = unsafe read(descriptor, &chunk, chunk.count)
        guard got > 0 else { break }
        bytes += chunk.prefix(got)
    }
    return String(decoding: bytes, as: UTF8.self)
}

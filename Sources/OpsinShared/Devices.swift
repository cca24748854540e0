public import COpsin
private import Glibc
internal import Opsin

extension opsin_device_info {
    /// `id` is what `opsin_runtime_options.device` takes.
    init(_ device: Device, id: String, isAuto: Bool) {
        self.init()
        kind = device.kind == .cpu ? OPSIN_DEVICE_CPU : OPSIN_DEVICE_VULKAN
        flags = OPSIN_DEVICE_USABLE | (isAuto ? OPSIN_DEVICE_AUTO : 0)
        if device.features.contains(where: { $0.hasSuffix("_bf16") }) { flags |= OPSIN_DEVICE_BF16 }
        if device.features.contains(where: { $0.hasPrefix("amx") }) { flags |= OPSIN_DEVICE_COOPERATIVE_MATRIX }
        cores = UInt32(clamping: device.cores)
        memory_bytes = UInt64(clamping: sysconf(Int32(_SC_PHYS_PAGES))) &* UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))
        fill(&self.id, id)
        fill(&name, device.name)
        let isas: Set<String> = ["avx512", "avx2", "neon", "generic"]
        fill(&driver, device.features.first { isas.contains($0) } ?? "")
        fill(&reason, isAuto ? "no GPU backend in this build" : "")
    }
}

/// Fills the caller's struct with what is known of a device.
func describe(_ device: Device, into info: UnsafeMutablePointer<opsin_device_info>?) throws(Failure) {
    let devices = Device.all()
    let sameKind = devices.filter { $0.kind == device.kind }
    let id = device.kind == .cpu ? "cpu" : "vulkan:\(sameKind.firstIndex(of: device) ?? 0)"
    let isAuto = device.kind == .cpu && devices.allSatisfy { $0.kind == .cpu }
    try unsafe write(opsin_device_info(device, id: id, isAuto: isAuto), to: info, "info")
}

@c @implementation
public func opsin_device_count(_ count: UnsafeMutablePointer<UInt32>?) -> opsin_status {
    answer { () throws(Failure) in
        guard let count = unsafe count else { throw .null("count") }
        unsafe count.pointee = UInt32(clamping: Device.all().count)
    }
}

@c @implementation
public func opsin_device_get(_ index: UInt32, _ info: UnsafeMutablePointer<opsin_device_info>?) -> opsin_status {
    answer { () throws(Failure) in
        let devices = Device.all()
        guard let device = devices.indices.contains(Int(index)) ? devices[Int(index)] : nil else {
            throw Failure(OPSIN_E_NOT_FOUND, "no device \(index), there are \(devices.count)")
        }
        try unsafe describe(device, into: info)
    }
}

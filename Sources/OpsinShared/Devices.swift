public import COpsin
internal import Opsin

extension opsin_device_info {
    init(_ device: Device) {
        self.init()
        kind = device.kind == .cpu ? OPSIN_DEVICE_CPU : OPSIN_DEVICE_VULKAN
        flags = OPSIN_DEVICE_USABLE | (device.isChosen ? OPSIN_DEVICE_AUTO : 0)
        for (feature, flag) in [
            ("fp16", OPSIN_DEVICE_FP16), ("avx512_bf16", OPSIN_DEVICE_BF16), ("amx_bf16", OPSIN_DEVICE_BF16 | OPSIN_DEVICE_COOPERATIVE_MATRIX),
            ("avx512_vnni", OPSIN_DEVICE_INT8), ("avx_vnni", OPSIN_DEVICE_INT8), ("neon_dot", OPSIN_DEVICE_INT8), ("amx_int8", OPSIN_DEVICE_INT8),
            ("int8", OPSIN_DEVICE_INT8), ("cooperative_matrix", OPSIN_DEVICE_COOPERATIVE_MATRIX),
        ] where device.features.contains(feature) { flags |= flag }
        cores = UInt32(clamping: device.cores)
        memory_bytes = device.memoryBytes
        fill(&id, device.id)
        fill(&name, device.name)
        fill(&driver, device.driver)
        fill(&reason, device.reason)
        fill(&other_drivers, device.otherDrivers.map { "\($0.id): \($0.driver): \($0.reason)" }.joined(separator: "\n"))
        guard let gpu = device.gpu else { return }
        let types = ["discrete": OPSIN_GPU_DISCRETE, "integrated": OPSIN_GPU_INTEGRATED, "virtual": OPSIN_GPU_VIRTUAL, "cpu": OPSIN_GPU_SOFTWARE]
        gpu_type = types[gpu.type] ?? OPSIN_GPU_VIRTUAL
        subgroup_size = UInt32(clamping: gpu.subgroupSize)
        api_version = gpu.packedAPIVersion
        vendor_id = gpu.vendorID
        unsafe withUnsafeMutableBytes(of: &uuid) { place in
            for (index, byte) in gpu.uuid.prefix(place.count).enumerated() { unsafe place[index] = byte }
        }
    }
}

/// Fills the caller's struct with what is known of a device.
func describe(_ device: Device, into info: UnsafeMutablePointer<opsin_device_info>?) throws(Failure) {
    try unsafe write(opsin_device_info(device), to: info, "info")
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

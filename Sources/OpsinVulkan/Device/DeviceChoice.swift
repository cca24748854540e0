/// Which device a person asked for: the forms of `--device` that mean Vulkan.
package enum DeviceRequest: Hashable, Sendable {
    /// The best device that is not a CPU.
    case auto
    /// The best device, CPU-type last.
    case best
    /// `vulkan:N`
    case index(Int)
    /// `vulkan:UUID`, its 32 digits or the first of them, with or without dashes.
    case uuid(String)
}

/// One device of a list, with the verdict on it.
package struct DeviceListing: Sendable {
    package let info: DeviceInfo
    package let chosen: Bool
    /// Why it was chosen or not, as `opsin devices` prints it.
    package let reason: String
}

/// Judges every device; exactly one is chosen, or none. A pure function, so that every machine can be tested on any.
package func judge(_ devices: [DeviceInfo], for request: DeviceRequest) -> [DeviceListing] {
    var verdicts = devices.indices.map { refusal($0, devices, request) }
    let open = verdicts.indices.filter { verdicts[$0] == nil }
    let chosen = open.max { a, b in rank(devices[a], a) < rank(devices[b], b) }
    for index in open where index != chosen { verdicts[index] = "\(devices[chosen ?? 0].name) is preferred" }
    return devices.indices.map { DeviceListing(info: devices[$0], chosen: $0 == chosen, reason: verdicts[$0] ?? "chosen") }
}

private func refusal(_ index: Int, _ devices: [DeviceInfo], _ request: DeviceRequest) -> String? {
    let device = devices[index]
    if let defect = device.defect { return defect }
    switch request {
    case .index(let wanted): return wanted == index ? nil : "device \(wanted) was asked for"
    case .uuid(let wanted):
        let digits = wanted.lowercased().filter { $0 != "-" }
        if digits.isEmpty || !device.uuidText.hasPrefix(digits) { return "UUID \(wanted) was asked for" }
    case .auto where device.kind == .cpu: return "it is a CPU; ask for it by --device vulkan"
    case .auto, .best: break
    }
    let twin = devices.indices.first {
        $0 != index && devices[$0].uuid == device.uuid && devices[$0].defect == nil && rank(devices[$0], $0) > rank(device, index)
    }
    return twin.map { "it is device \($0) under another driver, \(device.driverName)" }
}

/// Kind first, then memory, then the driver's own order.
private func rank(_ device: DeviceInfo, _ index: Int) -> (Int, UInt64, Int) { (device.kind.rawValue, device.memoryBytes, -index) }

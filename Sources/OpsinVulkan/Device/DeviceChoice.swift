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
    /// The same GPU under a better driver: lists of devices show that one alone.
    package let twin: Twin?

    package struct Twin: Sendable, Equatable {
        /// The number of the device that is listed.
        package let index: Int
        /// What is against the driver that is left out.
        package let because: String
    }
}

/// Judges every device; exactly one is chosen, or none. A pure function, so that every machine can be tested on any.
package func judge(_ devices: [DeviceInfo], for request: DeviceRequest) -> [DeviceListing] {
    let twins = devices.indices.map { twin(of: $0, devices) }
    var verdicts = devices.indices.map { refusal($0, devices, twins[$0], request) }
    let open = verdicts.indices.filter { verdicts[$0] == nil }
    let chosen = open.max { a, b in rank(devices[a], a) < rank(devices[b], b) }
    for index in open where index != chosen { verdicts[index] = "\(devices[chosen ?? 0].name) is preferred" }
    return devices.indices.map { DeviceListing(info: devices[$0], chosen: $0 == chosen, reason: verdicts[$0] ?? "chosen", twin: twins[$0]) }
}

private func refusal(_ index: Int, _ devices: [DeviceInfo], _ twin: DeviceListing.Twin?, _ request: DeviceRequest) -> String? {
    let device = devices[index]
    // Who asks by number may have the driver that is not the better one.
    if case .index(let wanted) = request { return wanted == index ? device.defect : device.defect ?? "device \(wanted) was asked for" }
    if let twin { return "it is vulkan:\(twin.index) under another driver, \(device.driverText): \(twin.because)" }
    if let defect = device.defect { return defect }
    switch request {
    case .uuid(let wanted):
        let digits = wanted.lowercased().filter { $0 != "-" }
        return digits.isEmpty || !device.uuidText.hasPrefix(digits) ? "UUID \(wanted) was asked for" : nil
    case .auto where device.kind == .cpu: return "it is a CPU; ask for it by --device vulkan"
    case .auto, .best, .index: return nil
    }
}

/// The device that shows the GPU of device `index` in its place; nil for the best driver of a GPU.
private func twin(of index: Int, _ devices: [DeviceInfo]) -> DeviceListing.Twin? {
    var (best, because) = (index, "")
    // Each step goes to a better driver, of drivers that are equal to the first: it ends.
    while let next = devices.indices.compactMap({ better($0, than: best, devices) }).first { (best, because) = next }
    return best == index ? nil : DeviceListing.Twin(index: best, because: because)
}

private func better(_ other: Int, than index: Int, _ devices: [DeviceInfo]) -> (Int, String)? {
    let (a, b) = (devices[other], devices[index])
    guard other != index, a.isSameGPU(as: b) else { return nil }
    if let advantage = a.advantage(over: b) { return (other, advantage) }
    return other < index && b.advantage(over: a) == nil ? (other, "it is the same driver again") : nil
}

/// Kind first, then memory, then the driver's own order.
private func rank(_ device: DeviceInfo, _ index: Int) -> (Int, UInt64, Int) { (device.kind.rawValue, device.memoryBytes, -index) }

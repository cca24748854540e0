/// Which device a caller wants, as `--device` and `opsin_runtime_options.device` spell it.
public enum DeviceSelection: Hashable, Sendable, CustomStringConvertible {
    /// The best device that is not a CPU pretending to be a GPU.
    case auto
    /// The processor.
    case cpu
    /// The best Vulkan device.
    case vulkan
    /// The Vulkan device of that number in the list of devices, or of that UUID.
    case vulkanDevice(String)

    /// `auto`, `cpu`, `vulkan`, `vulkan:N` or `vulkan:UUID`.
    public init(parsing text: String) throws(OpsinError) {
        switch text {
        case "", "auto": self = .auto
        case "cpu": self = .cpu
        case "vulkan": self = .vulkan
        case _ where text.hasPrefix("vulkan:") && text.count > 7: self = .vulkanDevice(String(text.dropFirst(7)))
        default: throw OpsinError(.argument, "device \"\(text.prefix(80))\" is unknown (expected auto, cpu, vulkan, vulkan:N or vulkan:UUID)")
        }
    }

    /// As it is written: `cpu`, `vulkan:1`.
    public var description: String {
        switch self {
        case .auto: "auto"
        case .cpu: "cpu"
        case .vulkan: "vulkan"
        case .vulkanDevice(let name): "vulkan:\(name)"
        }
    }
}

/// The number format of the multiplications.
public enum Precision: String, Hashable, Sendable, CaseIterable {
    /// fp32, the reference's answer, on every device.
    case `default`
    /// The fastest that the device has and that passed its self-test.
    case auto
    /// 32-bit floats everywhere.
    case fp32
    /// Half precision storage, sums in fp32; GPU.
    case fp16
    /// bfloat16 products, sums in fp32; CPU.
    case bf16
    /// Bytes, for folders that `Quantizer` wrote; ops without a form of bytes run in fp32.
    case int8
}

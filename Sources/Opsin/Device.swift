internal import CKernels
internal import Glibc
internal import OpsinCPU

/// Something that can run models.
public struct Device: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case cpu, vulkan
    }

    public let kind: Kind
    /// The processor's or GPU's own name.
    public let name: String
    /// Instruction sets (CPU) or features (GPU) that Opsin uses on it, best first.
    public let features: [String]
    /// Physical cores that this process may use; 0 for a GPU.
    public let cores: Int
    /// What a session takes when no number of threads is asked for; 0 for a GPU.
    public let defaultThreads: Int

    /// The processor this process runs on.
    public static let cpu: Device = {
        let features = opsin_cpu_detect()
        var names: [String] = []
        if features.amx_bf16 { names.append("amx_bf16") }
        if features.avx512_bf16 { names.append("avx512_bf16") }
        names += ISA.available.reversed().map(\.rawValue)
        return Device(kind: .cpu, name: processorName(), features: names, cores: Int(opsin_cpu_available()), defaultThreads: CPUTeam.defaultThreads)
    }()

    /// Every device of this machine. The CPU is always among them.
    public static func all() -> [Device] { [.cpu] }
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

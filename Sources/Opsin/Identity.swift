internal import Glibc
internal import OpsinGraph
internal import OpsinModels
internal import OpsinVulkan

/// What a benchmark was made with: without it a number means nothing.
enum Identity {
    /// Names and values, in the order in which people read them.
    static var rows: [(name: String, value: String)] {
        var rows = [("opsin", opsinVersion), ("cpu", Device.cpu.name), ("cores", String(Device.cpu.cores)), ("system", system)]
        rows.append(("shaders", String(Shaders.hash, radix: 16)))
        if let governor = line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") { rows.append(("governor", governor)) }
        if let load = line("/proc/loadavg") { rows.append(("load", load.split(separator: " ").prefix(3).joined(separator: " "))) }
        for name in ["OPSIN_CPU_ISA", "OPSIN_VK_DISABLE"] {
            if let value = environment(name) { rows.append((name, value)) }
        }
        #if DEBUG
            rows.append(("build", "debug: times say little"))
        #endif
        return rows
    }

    /// What was measured: enough to know the model again.
    static func facts(_ model: Model) throws(OpsinError) -> [Benchmark.Fact] {
        let info = try model.info()
        var facts = [
            Benchmark.Fact(name: "architecture", value: info.architecture), Benchmark.Fact(name: "input", value: "\(info.inputHeight) x \(info.inputWidth)"),
            Benchmark.Fact(name: "parameters", value: String(info.parameters)), Benchmark.Fact(name: "flops", value: String(info.flops)),
            Benchmark.Fact(name: "weights_bytes", value: String(info.weightsBytes)),
        ]
        if let file = try? File.map(model.path + "/model.safetensors") { facts.append(Benchmark.Fact(name: "weights_fnv1a64", value: hash(file))) }
        return facts
    }

    private static func hash(_ file: ByteStorage) -> String {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        unsafe file.withBytes { bytes in
            for index in 0..<bytes.count { value = (value ^ UInt64(unsafe bytes[index])) &* 0x100_0000_01b3 }
        }
        return String(value, radix: 16)
    }

    static var json: JSON { .object(rows.map { .init($0.name, .string($0.value)) }) }

    /// Kernel and machine.
    private static var system: String {
        var names = utsname()
        guard unsafe uname(&names) == 0 else { return "unknown" }
        return [text(names.sysname), text(names.release), text(names.machine)].joined(separator: " ")
    }

    private static func text<Field>(_ field: Field) -> String {
        unsafe withUnsafeBytes(of: field) { bytes in unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func line(_ path: String) -> String? { readSmallFile(path)?.split(separator: "\n").first.map(String.init) }
}

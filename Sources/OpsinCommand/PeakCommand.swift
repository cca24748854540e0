internal import ArgumentParser
internal import Opsin

struct PeakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peak", abstract: "What a device can do at most, measured on it: multiply-adds, memory, the cost of a dispatch.")

    @Option(help: "cpu, vulkan, vulkan:N or vulkan:UUID.")
    var device = "cpu"

    @Option(parsing: .unconditional, help: "Threads of the CPU; 0 is one per physical core, at most 8.")
    var threads = 0

    @Flag(help: "One JSON object.")
    var json = false

    @Flag(help: "No remarks.")
    var quiet = false

    mutating func run() throws {
        var common = CommonOptions()
        (common.device, common.quiet) = (device, quiet)
        let peaks = try MachinePeak.measure(common.runtime(), threads: threads)
        guard !json else { return Terminal.line(MachinePeak.jsonText(peaks)) }
        for peak in peaks where peak.device.kind == .vulkan { printGPU(peak) }
        if peaks.first?.device.kind == .cpu { printCPU(peaks) }
    }

    private func printCPU(_ peaks: [MachinePeak]) {
        Terminal.line("\(Device.cpu.name)\n")
        Terminal.line("threads  isa       fp32 GFLOP/s  bf16 GFLOP/s  int8 GOP/s  read GB/s")
        for peak in peaks {
            let bf16 = peak.bf16 > 0 ? fixed(peak.bf16 * 1e-9, 1) : "-"
            let (fp32, int8, read) = (fixed(peak.fp32 * 1e-9, 1), fixed(peak.int8 * 1e-9, 1), fixed(peak.read * 1e-9, 1))
            Terminal.line("\(String(peak.threads).right(7))  \(peak.isa.column(8)) \(fp32.right(13)) \(bf16.right(13)) \(int8.right(11)) \(read.right(10))")
        }
    }

    private func printGPU(_ peak: MachinePeak) {
        Terminal.line("\(peak.device.id)  \(peak.device.name), \(peak.device.driver)\n")
        let rows = [
            ("fp32 multiply-adds", "\(fixed(peak.fp32 * 1e-9, 1)) GFLOP/s"),
            ("fp16 multiply-adds", peak.fp16 > 0 ? "\(fixed(peak.fp16 * 1e-9, 1)) GFLOP/s" : "absent: no fp16 arithmetic, or it is switched off"),
            ("cooperative matrix", peak.matrix.map { "\(fixed($0 * 1e-9, 1)) GFLOP/s" } ?? "absent: the device has none in the NV form, or it is switched off"),
            ("memory read", "\(fixed(peak.read * 1e-9, 1)) GB/s"), ("memory write", "\(fixed(peak.write * 1e-9, 1)) GB/s"),
            ("memory copy", "\(fixed(peak.copy * 1e-9, 1)) GB/s, both ways counted"),
            ("empty dispatch", "\(fixed(peak.dispatchMicroseconds, 2)) us behind a barrier"),
            ("empty submit", "\(fixed(peak.submitMicroseconds, 1)) us until its fence"),
        ]
        for (name, value) in rows { Terminal.line("\(name.column(20)) \(value)") }
    }
}

internal import ArgumentParser
internal import Opsin

struct PeakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "peak", abstract: "What this machine can do at most, measured: multiply-adds and memory.")

    @Option(parsing: .unconditional, help: "Threads; 0 is one per physical core, at most 8.")
    var threads = 0

    @Flag(help: "One JSON object.")
    var json = false

    mutating func run() throws {
        let peaks = try MachinePeak.measure(threads: threads)
        guard !json else { return Terminal.line(MachinePeak.jsonText(peaks)) }
        Terminal.line("\(Device.cpu.name)\n")
        Terminal.line("threads  isa       fp32 GFLOP/s  bf16 GFLOP/s  read GB/s")
        for peak in peaks {
            let bf16 = peak.bf16 > 0 ? fixed(peak.bf16 * 1e-9, 1) : "-"
            Terminal.line(
                "\(String(peak.threads).right(7))  \(peak.isa.column(8)) \(fixed(peak.fp32 * 1e-9, 1).right(13)) \(bf16.right(13)) \(fixed(peak.read * 1e-9, 1).right(10))"
            )
        }
    }
}

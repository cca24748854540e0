internal import OpsinCPU
internal import OpsinModels

/// The roofs of this machine's CPU, measured for a number of threads.
public struct MachinePeak: Hashable, Sendable {
    public let threads: Int
    public let isa: String
    /// Operations a second in fp32 multiply-adds.
    public let fp32: Double
    /// Operations a second in bf16 dot products; 0 where the processor has none.
    public let bf16: Double
    /// Bytes a second read from memory.
    public let read: Double

    /// One thread, and `threads` of them (0 is the default number).
    public static func measure(threads: Int) throws(OpsinError) -> [MachinePeak] {
        let isa = try Backend.chosenISA()
        let many = threads == 0 ? CPUTeam.defaultThreads : threads
        guard (1...256).contains(many) else { throw OpsinError(.argument, "threads is \(threads), expected 0 to 256") }
        return (many == 1 ? [1] : [1, many]).map { count in
            let roofs = CPUPeak(isa: isa, threads: count)
            return MachinePeak(threads: count, isa: isa.rawValue, fp32: roofs.fp32, bf16: roofs.bf16, read: roofs.read)
        }
    }

    /// The form of `opsin peak --json`.
    public static func jsonText(_ peaks: [MachinePeak]) -> String {
        JSON.object([
            .init("schema_version", 1), .init("device", .string(Device.cpu.name)),
            .init(
                "peaks",
                .array(
                    peaks.map {
                        [
                            "threads": .integer($0.threads), "isa": .string($0.isa), "fp32_gflops": .number(($0.fp32 * 1e-9).rounded(places: 1)),
                            "bf16_gflops": .number(($0.bf16 * 1e-9).rounded(places: 1)), "read_gbytes_per_s": .number(($0.read * 1e-9).rounded(places: 2)),
                        ]
                    })),
        ]).text
    }
}

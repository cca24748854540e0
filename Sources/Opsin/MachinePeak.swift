internal import OpsinCPU
internal import OpsinModels
internal import OpsinVulkan

/// The roofs of a device, measured: the CPU's for a number of threads, or a GPU's.
public struct MachinePeak: Hashable, Sendable {
    /// What was measured.
    public let device: Device
    /// 0 on a GPU.
    public let threads: Int
    /// Empty on a GPU.
    public let isa: String
    /// Operations a second in fp32 multiply-adds.
    public let fp32: Double
    /// Operations a second in bf16 dot products; 0 where the processor has none.
    public let bf16: Double
    /// Operations a second in products of bytes, a multiply-add being two; 0 on a GPU.
    public let int8: Double
    /// Operations a second in fp16 multiply-adds; 0 where the device has none.
    public let fp16: Double
    /// Operations a second in cooperative matrices; nil where the device has none that we can use.
    public let matrix: Double?
    /// Bytes a second read from memory, and written (0: not measured).
    public let read: Double
    /// Gigabytes a second.
    public let write: Double
    /// Bytes a second of the device's own copy, both ways counted; 0 on the CPU.
    public let copy: Double
    /// Microseconds of an empty dispatch behind a barrier, and from a submit to its end; 0 on the CPU.
    public let dispatchMicroseconds: Double
    /// What an empty submission costs.
    public let submitMicroseconds: Double

    /// One thread, and `threads` of them (0 is the default number).
    public static func measure(threads: Int) throws(OpsinError) -> [MachinePeak] {
        let isa = try Backend.chosenISA()
        let many = threads == 0 ? CPUTeam.defaultThreads : threads
        guard (1...256).contains(many) else { throw OpsinError(.argument, "threads is \(threads), expected 0 to 256") }
        return (many == 1 ? [1] : [1, many]).map { count in
            let roofs = CPUPeak(isa: isa, threads: count)
            return MachinePeak(
                device: .cpu, threads: count, isa: isa.rawValue, fp32: roofs.fp32, bf16: roofs.bf16, int8: roofs.int8, fp16: 0, matrix: nil, read: roofs.read,
                write: 0, copy: 0, dispatchMicroseconds: 0, submitMicroseconds: 0)
        }
    }

    /// The roofs of the runtime's device; the CPU's where it runs there.
    public static func measure(_ runtime: Runtime, threads: Int) throws(OpsinError) -> [MachinePeak] {
        guard case .vulkan(let device, _) = try runtime.backend(.default, threads: threads) else { return try measure(threads: threads) }
        do {
            let roofs = try DevicePeak(device)
            return [
                MachinePeak(
                    device: runtime.device, threads: 0, isa: "", fp32: roofs.fp32, bf16: 0, int8: 0, fp16: roofs.fp16 ?? 0, matrix: roofs.matrix,
                    read: roofs.read, write: roofs.write, copy: roofs.copy, dispatchMicroseconds: roofs.dispatchMicroseconds,
                    submitMicroseconds: roofs.submitMicroseconds)
            ]
        } catch {
            throw OpsinError(.device, "\(runtime.device.name): \(error.description)")
        }
    }

    /// The form of `opsin peak --json`.
    public static func jsonText(_ peaks: [MachinePeak]) -> String {
        JSON.object([
            .init("schema_version", 1), .init("device", .string(peaks.first?.device.name ?? Device.cpu.name)), .init("peaks", .array(peaks.map(\.json))),
        ]).text
    }
}

extension MachinePeak {
    private var json: JSON {
        var members: [JSON.Member] = [
            .init("threads", .integer(threads)), .init("isa", .string(isa)), .init("fp32_gflops", billions(fp32)), .init("bf16_gflops", billions(bf16)),
            .init("read_gbytes_per_s", .number((read * 1e-9).rounded(places: 2))),
        ]
        if device.kind == .cpu { members.append(.init("int8_gops", billions(int8))) }
        if device.kind == .vulkan {
            members += [
                .init("device", .string(device.id)), .init("fp16_gflops", billions(fp16)), .init("matrix_gflops", matrix.map(billions) ?? .null),
                .init("write_gbytes_per_s", .number((write * 1e-9).rounded(places: 2))), .init("copy_gbytes_per_s", .number((copy * 1e-9).rounded(places: 2))),
                .init("dispatch_us", .number(dispatchMicroseconds.rounded(places: 3))), .init("submit_us", .number(submitMicroseconds.rounded(places: 2))),
            ]
        }
        return .object(members)
    }

    private func billions(_ value: Double) -> JSON { .number((value * 1e-9).rounded(places: 1)) }
}

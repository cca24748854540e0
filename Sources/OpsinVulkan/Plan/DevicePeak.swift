/// The roofs of a Vulkan device, measured on it with small shaders: what reports hold kernels against.
package struct DevicePeak: Sendable {
    /// Operations a second in fp32 multiply-adds.
    package let fp32: Double
    /// The same in fp16 arithmetic; nil where the device has none.
    package let fp16: Double?
    /// Operations a second in cooperative matrices, fp16 with fp32 sums; nil where the device has none that our compiler can use.
    package let matrix: Double?
    /// Bytes a second read and written by a shader, over a buffer of `byteCount`.
    package let read: Double
    package let write: Double
    /// Bytes a second of the device's own copy, read and written each counted.
    package let copy: Double
    package let byteCount: Int
    /// Microseconds of one dispatch that does nothing, behind a barrier.
    package let dispatchMicroseconds: Double
    /// Microseconds from the submit of one such dispatch until its fence has signalled.
    package let submitMicroseconds: Double

    /// The most that memory gives, whoever asks: the roof of kernels.
    package var memory: Double { max(read, write, copy) }

    /// Takes some tenths of a second.
    package init(_ device: Device) throws(VulkanError) {
        let meter = try Meter(device)
        fp32 = try meter.operations(PeakFmaShader(unit: .f32, rounds: 0, factor: 0.5))
        fp16 = try meter.optional(PeakFmaShader(unit: .f16, rounds: 0, factor: 0.5))
        matrix = try meter.optional(PeakFmaShader(unit: .coopmat, local: UInt32(clamping: device.info.limits.subgroupSize), rounds: 0, factor: 0.5))
        (read, write, copy, byteCount) = try meter.memory()
        (dispatchMicroseconds, submitMicroseconds) = try meter.dispatch()
    }
}

/// Runs shaders for a while and divides.
private struct Meter {
    /// Long enough to be measured on any clock and short enough to wait for.
    static let enoughMilliseconds = 20.0

    let device: Device
    let sink: Buffer

    init(_ device: Device) throws(VulkanError) {
        self.device = device
        sink = try device.memory.allocate(4096 * 4, .device)
    }

    /// Operations a second of a shader that the device has, nil for one that it lacks.
    func optional(_ shader: PeakFmaShader) throws(VulkanError) -> Double? {
        device.features.missing(for: shader.spirv) == nil ? try operations(shader) : nil
    }

    func operations(_ shader: PeakFmaShader) throws(VulkanError) -> Double {
        let groups = min(4096, device.info.limits.maximumGroupCount[0])
        var rounds: UInt32 = 64
        while true {
            let timed = PeakFmaShader(unit: shader.unit, local: shader.local, rounds: rounds, factor: shader.factor)
            let milliseconds = try best(timed, [sink.view], GroupCount(groups))
            let perGroup = shader.unit == .coopmat ? 4.0 * 2 * 16 * 16 * 16 : 64 * Double(shader.local)
            if milliseconds >= Meter.enoughMilliseconds || rounds >= 1 << 20 {
                return milliseconds > 0 ? perGroup * Double(groups) * Double(rounds) / milliseconds * 1e3 : 0
            }
            // Twice at least, sixteen times at most: no single dispatch may reach a driver's watchdog.
            let factor = min(max(Meter.enoughMilliseconds * 1.2 / max(milliseconds, 1e-3), 2), 16)
            rounds = UInt32(min(Double(rounds) * factor, Double(1 << 20)))
        }
    }

    func memory() throws(VulkanError) -> (read: Double, write: Double, copy: Double, byteCount: Int) {
        let local = 256, threads = min(4096, device.info.limits.maximumGroupCount[0]) * local
        let unit = threads * 16 * 4
        let wanted = min(device.info.limits.maximumStorageRange, device.info.limits.maximumAllocation, Int(clamping: device.info.memoryBytes / 8), 512 << 20)
        let byteCount = max(unit, wanted / unit * unit)
        let buffer = try device.memory.allocate(byteCount, .device)
        let (quads, count) = (UInt32(clamping: byteCount / 16), UInt32(clamping: threads))
        let groups = GroupCount(threads / local)
        // Written first: memory that nobody has touched may be one page of zeros.
        let write = try best(PeakMemoryShader(mode: .write, quads: quads, threads: count), [buffer.view], groups)
        let read = try best(PeakMemoryShader(mode: .read, quads: quads, threads: count), [buffer.view, sink.view], groups)
        let half = byteCount / 2
        let copy = try best(
            .copy(BufferView(buffer: buffer, offset: 0, byteCount: half), to: BufferView(buffer: buffer, offset: half, byteCount: half)))
        func rate(_ bytes: Int, _ milliseconds: Double) -> Double { milliseconds > 0 ? Double(bytes) / milliseconds * 1e3 : 0 }
        return (rate(byteCount, read), rate(byteCount, write), rate(2 * half, copy), byteCount)
    }

    func dispatch() throws(VulkanError) -> (each: Double, submit: Double) {
        let shader = PeakFmaShader(unit: .f32, rounds: 0, factor: 0.5)
        let pipeline = try device.pipelines.pipeline(PipelineRequest(shader))
        let one = Dispatch(pipeline, buffers: [sink.view], push: shader.push, groups: GroupCount(1), label: "empty")
        let many = 200
        let alone = try wall(CommandList(device, [.dispatch(one)]), runs: 20)
        let row = try wall(CommandList(device, [Command](repeating: .dispatch(one), count: many + 1)), runs: 10)
        return (max(0, row - alone) / Double(many) * 1e3, alone * 1e3)
    }

    /// Shortest time of some runs in milliseconds: by the device's clock where it has one, else by the host's.
    private func best(_ shader: some Shader, _ buffers: [BufferView], _ groups: GroupCount) throws(VulkanError) -> Double {
        let pipeline = try device.pipelines.pipeline(PipelineRequest(shader))
        return try best(.dispatch(Dispatch(pipeline, buffers: buffers, push: shader.push, groups: groups, label: shader.spirv.name)))
    }

    private func best(_ command: Command) throws(VulkanError) -> Double {
        let list = try CommandList(device, [command], timing: .each)
        var best = Double.infinity
        for _ in 0..<4 {
            let time = try wall(list, runs: 1)
            best = min(best, try list.nanoseconds().first.map { $0 * 1e-6 } ?? time)
        }
        return best
    }

    private func wall(_ list: CommandList, runs: Int) throws(VulkanError) -> Double {
        let clock = ContinuousClock()
        var best = Double.infinity
        for _ in 0..<runs {
            let start = clock.now
            try list.run(timeoutMilliseconds: device.timeoutMilliseconds)
            best = min(best, (clock.now - start).milliseconds)
        }
        return best
    }
}

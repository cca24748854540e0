package import OpsinGraph

/// Writes a plan's input from an image, on the device, as the first part of the plan's submit: the pixels go up as 8-bit samples, two passes resize them, one
/// normalises. Recorded anew when the image's size changes; sizes are push constants, so no pipeline is. One run at a time.
package final class ImagePreprocessor {
    private let device: Device
    private let input: BufferView
    private let storage: Storage
    private var recorded: Recorded?

    /// What is kept for images of one size.
    private struct Recorded {
        let width: Int
        let height: Int
        let channels: Int
        let source: Buffer
        let list: CommandList
        /// Coefficients and samples between the passes.
        let kept: [Buffer]
    }

    /// Prepares input number `index` of `plan`, which has one image of three channels.
    package init(_ plan: VulkanPlan, input index: Int) throws(VulkanError) {
        (device, input, storage) = (plan.device, try plan.inputView(index), plan.inputStorage[index])
    }

    /// Bytes on the device and of the staging buffer.
    package var byteCount: Int { recorded.map { kept in kept.source.byteCount + kept.kept.reduce(0) { $0 + $1.byteCount } } ?? 0 }

    /// Milliseconds of the last run by the device's clock: the copy and the kernels; 0 where the queue has no clock.
    package func milliseconds() throws(VulkanError) -> Double { (try recorded?.list.phaseNanoseconds().reduce(0, +) ?? 0) * 1e-6 }

    /// Brings the image's samples to where the device reads them and answers the commands that must run before the plan. `program` is asked for when the
    /// size is another than the last time.
    package func prepare(
        _ pixels: [UInt8], width: Int, height: Int, channels: Int, program: () throws(VulkanError) -> ImageProgram
    ) throws(VulkanError) -> CommandList {
        if let known = recorded, (known.width, known.height, known.channels) == (width, height, channels) {
            try known.source.write(pixels)
            return known.list
        }
        recorded = nil
        let fresh = try record(program(), width: width, height: height)
        try fresh.source.write(pixels)
        recorded = fresh
        return fresh.list
    }

    private func record(_ program: ImageProgram, width: Int, height: Int) throws(VulkanError) -> Recorded {
        let ring = StagingRing(device)
        var kept: [Buffer] = []
        func buffer(_ byteCount: Int) throws(VulkanError) -> Buffer {
            let buffer = try device.memory.allocate(byteCount, .device)
            kept.append(buffer)
            return buffer
        }
        func constant<Element: BitwiseCopyable>(_ values: [Element]) throws(VulkanError) -> BufferView {
            let buffer = try buffer(values.count * MemoryLayout<Element>.stride)
            try ring.upload(values, to: buffer)
            return buffer.view
        }
        // Samples are read by whole words.
        let byteCount = (program.sampleCount + 3) / 4 * 4
        let source = try device.memory.allocate(byteCount, .upload)
        var samples = try buffer(byteCount).view
        var commands: [Command] = [.copy(BufferView(buffer: source, offset: 0, byteCount: byteCount), to: samples)]
        for pass in program.passes {
            let count = pass.rows * pass.columns * program.channels, words = (count + 3) / 4
            let result = try buffer(words * 4).view
            let shader = ImageResizeShader(
                direction: pass.isVertical ? .down : .across, samples: try word(count), row: try word(pass.columns * program.channels),
                channels: try word(program.channels), stride: try word(pass.stride), xOffset: try word(pass.offset), xRow: try word(pass.sourceRow))
            commands.append(try dispatch(shader, [samples, constant(pass.spans), constant(pass.weights), result], threads: words, local: shader.local))
            samples = result
        }
        let place = program.placement, fill = program.fill + [0, 0, 0]
        let shader = ImageNormaliseShader(
            storage: storage, pixels: try word(place.height * place.width), width: try word(place.width), padTop: try word(place.padTop),
            padLeft: try word(place.padLeft), cropHeight: try word(place.cropHeight), cropWidth: try word(place.cropWidth), top: try word(place.top),
            left: try word(place.left), rows: try word(place.rows), columns: try word(place.columns), xOffset: try word(place.offset),
            xRow: try word(place.sourceRow), channels: try word(program.channels), swapped: program.swapsChannels ? 1 : 0,
            fill: UInt32(fill[0]) | UInt32(fill[1]) << 8 | UInt32(fill[2]) << 16)
        let target = try constant(program.tables)
        commands.append(try dispatch(shader, [samples, target, input], threads: place.height * place.width, local: shader.local))
        try ring.finish()
        let list = try CommandList(device, commands, timing: .phases([1]))
        return Recorded(width: width, height: height, channels: program.channels, source: source, list: list, kept: kept)
    }

    private func dispatch(_ shader: some Shader, _ buffers: [BufferView], threads: Int, local: UInt32) throws(VulkanError) -> Command {
        let groups = try GroupCount.covering(threads, local: Int(local), limit: device.info.limits.maximumGroupCount[0])
        let pipeline = try device.pipelines.pipeline(PipelineRequest(shader))
        return .dispatch(Dispatch(pipeline, buffers: buffers, push: shader.push, groups: groups, label: shader.spirv.name))
    }
}

internal import OpsinGraph

/// Makes a mask of a plan's logits on the device, as the last part of the plan's submit: logits interpolated to the photo's pixels, the largest taken after
/// that, two labels a word. No logits at the photo's size exist. Recorded anew when the photo's place or size changes. One run at a time.
package final class MaskStage {
    /// Between which cells of logits the pixels of a photo lie along one side.
    package struct Axis: Hashable, Sendable {
        /// Of each pixel: the index of the cell before it, and how far to the next.
        package let places: [Float]
        /// The pixels that the model saw.
        package let seen: Range<Int>

        package init(places: [Float], seen: Range<Int>) { (self.places, self.seen) = (places, seen) }

        package var count: Int { places.count / 2 }
    }

    private let device: Device
    private let logits: BufferView
    private let storage: Storage
    private let shape: Shape
    private var recorded: Recorded?

    /// What is kept for one place and size of the photo.
    private struct Recorded {
        let rows: Axis
        let columns: Axis
        let list: CommandList
        let labels: Buffer
        let confidence: Buffer?
        /// What the commands read and write besides.
        let kept: [Buffer]
    }

    /// Masks of output number `index` of `plan`, which is one image's map of logits.
    package init(_ plan: VulkanPlan, output index: Int) throws(VulkanError) {
        (device, logits, storage) = (plan.device, try plan.outputView(index), plan.outputStorage[index])
        shape = plan.outputs[index].value.shape
        guard shape.n == 1 else { throw VulkanError(.argument, "a mask of \(shape.n) images, expected 1") }
    }

    /// Bytes on the device and of the readback buffers.
    package var byteCount: Int {
        guard let recorded else { return 0 }
        return recorded.kept.reduce(recorded.labels.byteCount + (recorded.confidence?.byteCount ?? 0)) { $0 + $1.byteCount }
    }

    /// Milliseconds of the last run by the device's clock: the kernels and the copies to the host; 0 where the queue has no clock.
    package func milliseconds() throws(VulkanError) -> Double { (try recorded?.list.phaseNanoseconds().reduce(0, +) ?? 0) * 1e-6 }

    /// Why a mask of that size cannot be made here: a buffer above the device's limits; nil when it can.
    package func refusal(rows: Int, columns: Int, confidence: Bool) -> String? {
        let limit = device.info.limits.maximumStorageRange, bytes = confidence ? 4 : 2
        let (pixels, overflow) = rows.multipliedReportingOverflow(by: columns)
        if rows > 0, columns > 0, !overflow, pixels <= (limit - 3) / bytes { return nil }
        return "a mask of \(columns) x \(rows) pixels at \(bytes) bytes is above the device's \(limit) bytes a buffer"
    }

    /// The commands that must run after the plan.
    package func prepare(rows: Axis, columns: Axis, confidence: Bool) throws(VulkanError) -> CommandList {
        if let recorded, recorded.rows == rows, recorded.columns == columns, (recorded.confidence != nil) == confidence { return recorded.list }
        recorded = nil
        let fresh = try record(rows, columns, confidence)
        recorded = fresh
        return fresh.list
    }

    /// What the last run left: `[rows, columns]` of labels, and of confidences if they were wanted.
    package func read() throws(VulkanError) -> (labels: [UInt16], confidence: [Float]?) {
        guard let recorded else { throw VulkanError(.argument, "no mask was prepared") }
        let pixels = recorded.rows.count * recorded.columns.count
        return (try recorded.labels.read(UInt16.self, count: pixels), try recorded.confidence?.read(Float.self, count: pixels))
    }

    private func record(_ rows: Axis, _ columns: Axis, _ wantsConfidence: Bool) throws(VulkanError) -> Recorded {
        if let reason = refusal(rows: rows.count, columns: columns.count, confidence: wantsConfidence) { throw VulkanError(.unsupported, reason) }
        let pixels = rows.count * columns.count, words = (pixels + 1) / 2, cells = shape.h * shape.w, quads = (shape.c + 3) / 4
        let ring = StagingRing(device)
        var kept: [Buffer] = []
        func buffer(_ byteCount: Int) throws(VulkanError) -> BufferView {
            let buffer = try device.memory.allocate(byteCount, .device)
            kept.append(buffer)
            return buffer.view
        }
        func table(_ axis: Axis) throws(VulkanError) -> BufferView {
            let view = try buffer(axis.places.count * 4)
            try ring.upload(axis.places, to: view.buffer)
            return view
        }
        let packed = try buffer(cells * quads * 16), best = try buffer(cells * 4), mask = try buffer(words * 4)
        let confidence = wantsConfidence ? try buffer(pixels * 4) : nil
        let cellShader = SegmentationCellsShader(storage: storage, cells: try word(cells), channels: try word(shape.c), quads: try word(quads))
        let shader = SegmentationMaskShader(
            confidence: wantsConfidence ? .with : .without, pixels: try word(pixels), outWidth: try word(columns.count), height: try word(shape.h),
            width: try word(shape.w), channels: try word(shape.c), quads: try word(quads), firstRow: try word(rows.seen.lowerBound),
            endRow: try word(rows.seen.upperBound), firstColumn: try word(columns.seen.lowerBound), endColumn: try word(columns.seen.upperBound))
        let views = [packed, best, try table(rows), try table(columns), mask] + (confidence.map { [$0] } ?? [])
        try ring.finish()
        let labels = try device.memory.allocate(words * 4, .readback), shares = wantsConfidence ? try device.memory.allocate(pixels * 4, .readback) : nil
        var commands = [
            try dispatch(cellShader, [logits, packed, best], threads: cells, local: cellShader.local),
            try dispatch(shader, views, threads: words, local: shader.local), .copy(mask, to: labels.view),
        ]
        if let confidence, let shares { commands.append(.copy(confidence, to: shares.view)) }
        let list = try CommandList(device, commands, timing: .phases([2]))
        return Recorded(rows: rows, columns: columns, list: list, labels: labels, confidence: shares, kept: kept)
    }

    private func dispatch(_ shader: some Shader, _ buffers: [BufferView], threads: Int, local: UInt32) throws(VulkanError) -> Command {
        let groups = try GroupCount.covering(threads, local: Int(local), limit: device.info.limits.maximumGroupCount[0])
        let pipeline = try device.pipelines.pipeline(PipelineRequest(shader))
        return .dispatch(Dispatch(pipeline, buffers: buffers, push: shader.push, groups: groups, label: shader.spirv.name))
    }
}

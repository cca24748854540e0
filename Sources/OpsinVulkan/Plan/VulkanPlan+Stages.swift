// Work before and after a plan's own, in its submit.
//
// A stage is a `CommandList` of dispatches and copies that somebody records for the frame at hand: its sizes are push constants, so it is recorded anew,
// cheaply and without compiling, when they change, and replayed while they stay. A stage before the plan writes an input (`inputView`) that the caller then
// does not hand over: `ImagePreprocessor` is one. A stage after the plan reads an output (`outputView`, in `outputStorage`) and writes buffers of its own,
// which the caller copies to a `.readback` buffer in the same list and reads when `run` returns; outputs that only the stage wants are left out of `reads`
// and never leave the device. That is the place of postprocessing: the upsampling of class maps with their argmax, a depth map in the photo's size.
//
//     let stage = try CommandList(device, [
//         .dispatch(Dispatch(pipeline, buffers: [plan.outputView(0), mask], push: shader.push, groups: groups)), .copy(mask, to: target.view),
//     ])
//     _ = try plan.run([pixels], after: stage, reads: [])
//     let classes = try target.read(UInt8.self, count: width * height)
//
// Each list begins with a barrier after all earlier work and ends with one before the host, so a stage needs none at its ends.

extension VulkanPlan {
    /// Where input `index` lives on the device, stored as `inputStorage[index]`: NHWC, dense. For a stage before the plan.
    package func inputView(_ index: Int) throws(VulkanError) -> BufferView {
        guard inputViews.indices.contains(index) else { throw VulkanError(.argument, "input \(index) does not exist, there are \(inputViews.count)") }
        return inputViews[index]
    }

    /// Where output `index` lives on the device, stored as `outputStorage[index]`: NHWC, dense. For a stage after the plan.
    package func outputView(_ index: Int) throws(VulkanError) -> BufferView {
        guard outputViews.indices.contains(index) else { throw VulkanError(.argument, "output \(index) does not exist, there are \(outputViews.count)") }
        return outputViews[index]
    }

    /// Runs `before`, the plan and `after` in one submit. `values` has nil for an input that `before` writes; the answer is empty for an output that is not in
    /// `reads`, where nil is all of them.
    package func run(
        _ values: [[Float]?], before: CommandList? = nil, after: CommandList? = nil, reads: Set<Int>? = nil
    ) throws(VulkanError) -> [[Float]] {
        guard values.count == inputs.count else { throw VulkanError(.argument, "\(values.count) inputs given, expected \(inputs.count)") }
        let wanted = outputs.indices.map { reads?.contains($0) ?? true }
        for (index, value) in values.enumerated() {
            if let value { try write(value, to: index) }
        }
        let own = try list(copiesIn: values.map { $0 != nil }, copiesOut: wanted)
        try CommandList.run([before, own, after].compactMap(\.self), timeoutMilliseconds: timeoutMilliseconds)
        return try outputs.indices.map { (index) throws(VulkanError) in wanted[index] ? try read(index) : [] }
    }
}

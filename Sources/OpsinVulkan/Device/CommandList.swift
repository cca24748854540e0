internal import CVulkan

/// One thing that a device does.
package enum Command: Sendable {
    case dispatch(Dispatch)
    /// Copies all bytes of the first view to the second, which has the same size.
    case copy(BufferView, to: BufferView)
}

/// One run of a shader.
package struct Dispatch: Sendable {
    package let pipeline: Pipeline
    /// One view a binding, in order.
    package let buffers: [BufferView]
    package let push: [UInt32]
    package let groups: GroupCount
    /// What tables call it: the layer and the kernel.
    package let label: String

    package init(_ pipeline: Pipeline, buffers: [BufferView], push: [UInt32], groups: GroupCount, label: String = "") {
        (self.pipeline, self.buffers, self.push, self.groups, self.label) = (pipeline, buffers, push, groups, label)
    }
}

/// How many workgroups run in each dimension.
package struct GroupCount: Hashable, Sendable {
    package let x: Int
    package let y: Int
    package let z: Int

    package init(_ x: Int, _ y: Int = 1, _ z: Int = 1) { (self.x, self.y, self.z) = (x, y, z) }
}

extension UInt32 {
    /// Groups of `local` threads that cover this many.
    package func inGroups(of local: UInt32) -> GroupCount { GroupCount((Int(self) + Int(Swift.max(1, local)) - 1) / Int(Swift.max(1, local))) }
}

/// Commands recorded once and replayed with one submit each time. One run at a time; one thread at a time.
package final class CommandList {
    /// What a run measures with the device's clock.
    package enum Timing: Sendable, Equatable {
        case none, each
        /// Reads the clock at the start, before each of these commands, and at the end: `phaseNanoseconds`.
        case phases([Int])
    }

    /// How many barriers stand between the commands.
    package let barrierCount: Int
    package let dispatchCount: Int
    private let core: DeviceCore
    private let commands: [Command]
    private let buffer: CommandBuffer
    private let sets: DescriptorSets
    private let clock: Timestamps?

    /// Checks every command against the device's limits and records all of them.
    package init(_ device: Device, _ commands: [Command], timing: Timing = .none) throws(VulkanError) {
        let core = device.core
        for command in commands { try CommandList.check(command, core.info) }
        let dispatches = commands.compactMap { if case .dispatch(let dispatch) = $0 { dispatch } else { nil } }
        let sets = try DescriptorSets(core, dispatches)
        let marks: [Int]
        if case .phases(let starts) = timing { marks = [0] + starts } else { marks = [] }
        let readings = timing == .each ? commands.count * 2 : marks.isEmpty ? 0 : marks.count + 1
        let clock = readings > 0 && core.info.limits.timestampPeriod > 0 ? try Timestamps(core, count: readings) : nil
        let buffer = try CommandBuffer(core)
        var tracker = BarrierTracker()
        try unsafe buffer.record { handle throws(VulkanError) in
            unsafe clock?.reset(handle)
            // Earlier submits have written weights and arenas.
            buffer.barrier(.within)
            var next = 0
            for (index, command) in commands.enumerated() {
                if tracker.needsBarrier(before: CommandList.uses(command)) { buffer.barrier(.within) }
                if timing == .each { unsafe clock?.write(handle, index * 2, before: true) }
                for (number, start) in marks.enumerated() where start == index { unsafe clock?.write(handle, number, before: false) }
                switch command {
                case .copy(let source, let target):
                    buffer.copy(source.buffer.block, source.blockRange.lowerBound, target.buffer.block, target.blockRange.lowerBound, count: source.byteCount)
                case .dispatch(let dispatch):
                    unsafe CommandList.record(dispatch, sets.list[next], core, handle)
                    next += 1
                }
                if timing == .each { unsafe clock?.write(handle, index * 2 + 1, before: false) }
            }
            for (number, start) in marks.enumerated() where start >= commands.count { unsafe clock?.write(handle, number, before: false) }
            if !marks.isEmpty { unsafe clock?.write(handle, marks.count, before: false) }
            buffer.barrier(.toHost)
        }
        (self.core, self.commands, self.buffer, self.sets, self.clock) = (core, commands, buffer, sets, clock)
        (barrierCount, dispatchCount) = (tracker.count, dispatches.count)
    }

    /// Runs everything and waits, at most `timeoutMilliseconds`.
    package func run(timeoutMilliseconds: Int = 10_000) throws(VulkanError) {
        try buffer.submit()
        try buffer.wait(milliseconds: timeoutMilliseconds)
    }

    /// Runs several lists one after the other in one submit and waits.
    package static func run(_ lists: [CommandList], timeoutMilliseconds: Int) throws(VulkanError) {
        guard let last = lists.last else { return }
        try last.buffer.submit(after: lists.dropLast().map(\.buffer))
        try last.buffer.wait(milliseconds: timeoutMilliseconds)
    }

    /// Nanoseconds of each command of the last run; empty without `Timing.each` or where the queue has no clock.
    package func nanoseconds() throws(VulkanError) -> [Double] {
        guard let ticks = try clock?.read() else { return [] }
        return stride(from: 0, to: ticks.count - 1, by: 2).map { Double(ticks[$0 + 1] &- ticks[$0]) * core.info.limits.timestampPeriod }
    }

    /// Nanoseconds of each phase of the last run, one more than `Timing.phases` names; empty without it or where the queue has no clock.
    package func phaseNanoseconds() throws(VulkanError) -> [Double] {
        guard let ticks = try clock?.read() else { return [] }
        return zip(ticks, ticks.dropFirst()).map { Double($1 &- $0) * core.info.limits.timestampPeriod }
    }

    private static func check(_ command: Command, _ info: DeviceInfo) throws(VulkanError) {
        switch command {
        case .copy(let source, let target):
            try source.check("copy")
            try target.check("copy")
            guard source.byteCount == target.byteCount else { throw VulkanError(.argument, "copy of \(source.byteCount) bytes to \(target.byteCount)") }
        case .dispatch(let dispatch): try check(dispatch, info)
        }
    }

    private static func check(_ dispatch: Dispatch, _ info: DeviceInfo) throws(VulkanError) {
        let (spirv, limits) = (dispatch.pipeline.spirv, info.limits)
        let name = dispatch.label.isEmpty ? spirv.name : dispatch.label
        guard dispatch.buffers.count == spirv.access.count else {
            throw VulkanError(.argument, "\(name): \(spirv.access.count) buffers are expected, \(dispatch.buffers.count) found")
        }
        guard dispatch.push.count == spirv.pushCount else {
            throw VulkanError(.argument, "\(name): \(spirv.pushCount) push constants are expected, \(dispatch.push.count) found")
        }
        for view in dispatch.buffers {
            try view.check(name)
            try check(view.byteCount, name, info)
            guard view.blockRange.lowerBound % limits.storageAlignment == 0 else {
                throw VulkanError(.argument, "\(name): offset \(view.offset) is no multiple of \(limits.storageAlignment)")
            }
        }
        try check(dispatch.groups, name, info)
    }

    /// Throws where a binding of that many bytes is larger than the device allows.
    static func check(_ byteCount: Int, _ name: String, _ info: DeviceInfo) throws(VulkanError) {
        guard byteCount <= info.limits.maximumStorageRange else {
            throw VulkanError(.unsupported, "\(name): a buffer of \(byteCount) bytes, \(info.name) binds at most \(info.limits.maximumStorageRange)")
        }
    }

    /// Throws where the device does not run so many workgroups.
    static func check(_ groups: GroupCount, _ name: String, _ info: DeviceInfo) throws(VulkanError) {
        let limits = info.limits
        for (count, most) in zip([groups.x, groups.y, groups.z], limits.maximumGroupCount) where count < 1 || count > most {
            throw VulkanError(.unsupported, "\(name): [\(groups.x), \(groups.y), \(groups.z)] workgroups, \(info.name) runs 1 to \(limits.maximumGroupCount)")
        }
    }

    private static func uses(_ command: Command) -> [BarrierTracker.Use] {
        switch command {
        case .copy(let source, let target): [use(source, .read), use(target, .write)]
        case .dispatch(let dispatch): zip(dispatch.buffers, dispatch.pipeline.spirv.access).map { use($0, $1) }
        }
    }

    private static func use(_ view: BufferView, _ access: BufferAccess) -> BarrierTracker.Use {
        BarrierTracker.Use(block: ObjectIdentifier(view.buffer.block), range: view.blockRange, access: access)
    }

    private static func record(_ dispatch: Dispatch, _ set: VkDescriptorSet, _ core: DeviceCore, _ handle: VkCommandBuffer) {
        let (vk, layout) = unsafe (core.vk, dispatch.pipeline.layout.handle)
        unsafe vk.cmdBindPipeline(handle, VK_PIPELINE_BIND_POINT_COMPUTE, dispatch.pipeline.handle)
        var set: VkDescriptorSet? = unsafe set
        unsafe vk.cmdBindDescriptorSets(handle, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, nil)
        if !dispatch.push.isEmpty {
            unsafe vk.cmdPushConstants(handle, layout, VK_SHADER_STAGE_COMPUTE_BIT.rawValue, 0, UInt32(dispatch.push.count * 4), dispatch.push)
        }
        unsafe vk.cmdDispatch(handle, UInt32(dispatch.groups.x), UInt32(dispatch.groups.y), UInt32(dispatch.groups.z))
    }
}

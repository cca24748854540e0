/// Decides where a barrier is needed: only where a command touches bytes that an earlier one, since the last barrier, wrote, or writes bytes that one touched.
package struct BarrierTracker: Sendable {
    /// One use of bytes by a command.
    package struct Use: Sendable {
        /// Which memory the range is in.
        package let block: ObjectIdentifier
        package let range: Range<Int>
        package let access: BufferAccess

        package init(block: ObjectIdentifier, range: Range<Int>, access: BufferAccess) { (self.block, self.range, self.access) = (block, range, access) }
    }

    private var pending: [Use] = []
    /// How many barriers were asked for.
    package private(set) var count = 0

    package init() {}

    /// True when a barrier must stand before the command that makes these uses. The answer assumes that it is then recorded.
    package mutating func needsBarrier(before uses: [Use]) -> Bool {
        let conflict = uses.contains { use in pending.contains { BarrierTracker.conflict(use, $0) } }
        if conflict {
            // One barrier orders all memory, so everything before it is settled.
            pending.removeAll(keepingCapacity: true)
            count += 1
        }
        pending += uses
        return conflict
    }

    private static func conflict(_ a: Use, _ b: Use) -> Bool {
        (a.access.writes || b.access.writes) && a.block == b.block && a.range.overlaps(b.range)
    }
}

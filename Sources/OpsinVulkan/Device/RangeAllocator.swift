/// First fit with merging over the bytes `0..<size` of one block. Knows no memory.
package struct RangeAllocator: Sendable {
    package let size: Int
    /// Free ranges, in order, never touching each other, never empty.
    package private(set) var free: [Range<Int>]

    package init(size: Int) {
        self.size = max(0, size)
        free = size > 0 ? [0..<size] : []
    }

    /// True when nothing is allocated.
    package var isEmpty: Bool { free == [0..<size] || size == 0 }

    /// The first free range of `count` bytes whose start is a multiple of `alignment`; nil when there is none.
    package mutating func allocate(_ count: Int, alignment: Int) -> Range<Int>? {
        guard count > 0, alignment > 0 else { return nil }
        for (index, gap) in free.enumerated() {
            let excess = gap.lowerBound % alignment
            let (start, overflow) = gap.lowerBound.addingReportingOverflow(excess == 0 ? 0 : alignment - excess)
            guard !overflow, start <= gap.upperBound, gap.upperBound - start >= count else { continue }
            let taken = start..<start + count
            let rest = [gap.lowerBound..<taken.lowerBound, taken.upperBound..<gap.upperBound].filter { !$0.isEmpty }
            free.replaceSubrange(index...index, with: rest)
            return taken
        }
        return nil
    }

    /// Gives back what `allocate` returned.
    package mutating func release(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let at = free.firstIndex { $0.lowerBound >= range.upperBound } ?? free.count
        var (start, end, first, last) = (range.lowerBound, range.upperBound, at, at)
        if at > 0, free[at - 1].upperBound == start { (start, first) = (free[at - 1].lowerBound, at - 1) }
        if at < free.count, free[at].lowerBound == end { (end, last) = (free[at].upperBound, at + 1) }
        free.replaceSubrange(first..<last, with: [start..<end])
    }
}

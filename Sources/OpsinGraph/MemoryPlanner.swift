/// A piece of memory that is needed from one step to another, both included.
package struct MemoryInterval: Hashable, Sendable {
    package let bytes: Int
    package let first: Int
    package let last: Int

    package init(bytes: Int, first: Int, last: Int) { (self.bytes, self.first, self.last) = (bytes, first, last) }
}

/// Gives intervals offsets in one arena so that those that live at the same time never overlap.
///
/// Optimal placement is NP-hard. Three greedy orders are tried (largest first, longest-lived first, first needed first), each at the lowest free
/// offset; the smallest arena wins. On chains of layers it meets the lower bound, which is returned with it.
package enum MemoryPlanner {
    package struct Placement: Sendable {
        /// Offset of each interval, in the order given.
        package let offsets: [Int]
        /// Bytes of the arena.
        package let arenaBytes: Int
        /// Most bytes alive at one step: no arena can be smaller.
        package let peakLiveBytes: Int
    }

    /// Sizes are rounded up to `alignment`, so all offsets are multiples of it.
    package static func place(_ intervals: [MemoryInterval], alignment: Int = 64) -> Placement {
        let sized = intervals.map {
            MemoryInterval(bytes: ($0.bytes + alignment - 1) / alignment * alignment, first: $0.first, last: $0.last)
        }
        let peak = peakLiveBytes(sized)
        let indices = Array(sized.indices)
        let orders: [[Int]] = [
            indices.sorted { (sized[$0].bytes, $1) > (sized[$1].bytes, $0) },
            indices.sorted { (sized[$0].last - sized[$0].first, sized[$0].bytes, $1) > (sized[$1].last - sized[$1].first, sized[$1].bytes, $0) },
            indices.sorted { (sized[$0].first, sized[$1].bytes, $0) < (sized[$1].first, sized[$0].bytes, $1) },
        ]
        var best: (offsets: [Int], total: Int)?
        for order in orders {
            let candidate = greedy(sized, order: order)
            if best.map({ candidate.total < $0.total }) ?? true { best = candidate }
            if candidate.total == peak { break }
        }
        return Placement(offsets: best?.offsets ?? [], arenaBytes: best?.total ?? 0, peakLiveBytes: peak)
    }

    /// Puts each interval, in `order`, at the lowest offset where nothing alive at the same time is in the way.
    private static func greedy(_ intervals: [MemoryInterval], order: [Int]) -> (offsets: [Int], total: Int) {
        var offsets = [Int](repeating: 0, count: intervals.count)
        var placed: [Int] = []
        var total = 0
        for index in order {
            let interval = intervals[index]
            let inTheWay = placed.filter { intervals[$0].first <= interval.last && interval.first <= intervals[$0].last }.sorted { offsets[$0] < offsets[$1] }
            var offset = 0
            for other in inTheWay {
                if offset + interval.bytes <= offsets[other] { break }
                offset = max(offset, offsets[other] + intervals[other].bytes)
            }
            offsets[index] = offset
            total = max(total, offset + interval.bytes)
            placed.append(index)
        }
        return (offsets, total)
    }

    private static func peakLiveBytes(_ intervals: [MemoryInterval]) -> Int {
        var changes: [Int: Int] = [:]
        for interval in intervals {
            changes[interval.first, default: 0] += interval.bytes
            changes[interval.last + 1, default: 0] -= interval.bytes
        }
        var live = 0, peak = 0
        for step in changes.keys.sorted() {
            live += changes[step] ?? 0
            peak = max(peak, live)
        }
        return peak
    }
}

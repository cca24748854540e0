import Testing

import OpsinGraph

@Suite struct MemoryPlannerTests {
    /// A generator of fixed numbers, so that a failure can be repeated.
    struct Counter: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    @Test func nothingTakesNoMemory() {
        let placement = MemoryPlanner.place([])
        #expect(placement.arenaBytes == 0)
        #expect(placement.peakLiveBytes == 0)
    }

    @Test func aChainNeedsItsTwoLargestNeighbours() {
        let sizes = [640, 1280, 320, 2560, 64]
        let placement = MemoryPlanner.place(sizes.enumerated().map { MemoryInterval(bytes: $1, first: $0, last: $0 + 1) })
        #expect(placement.arenaBytes == 2880)
        #expect(placement.peakLiveBytes == 2880)
    }

    @Test func sizesAreRoundedUpToTheAlignment() {
        let placement = MemoryPlanner.place([MemoryInterval(bytes: 1, first: 0, last: 1), MemoryInterval(bytes: 65, first: 0, last: 1)])
        #expect(placement.arenaBytes == 192)
        #expect(placement.offsets.allSatisfy { $0 % 64 == 0 })
    }

    @Test(arguments: 0..<40)
    func whatLivesAtTheSameTimeNeverOverlaps(seed: Int) {
        var random = Counter(state: UInt64(seed))
        let intervals = (0..<60).map { _ in
            let first = Int.random(in: 0..<40, using: &random)
            return MemoryInterval(bytes: Int.random(in: 1..<5000, using: &random), first: first, last: first + Int.random(in: 0..<8, using: &random))
        }
        let placement = MemoryPlanner.place(intervals)
        for (i, a) in intervals.enumerated() {
            #expect(placement.offsets[i] + a.bytes <= placement.arenaBytes)
            for (j, b) in intervals.enumerated().dropFirst(i + 1) where a.first <= b.last && b.first <= a.last {
                let apart = placement.offsets[i] + a.bytes <= placement.offsets[j] || placement.offsets[j] + b.bytes <= placement.offsets[i]
                #expect(apart, "\(i) and \(j) overlap")
            }
        }
        #expect(placement.arenaBytes >= placement.peakLiveBytes)
    }
}

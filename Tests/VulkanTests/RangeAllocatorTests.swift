import OpsinVulkan
import Testing

@Suite struct RangeAllocatorTests {
    @Test func takesTheFirstGapAndMergesWhatComesBack() {
        var ranges = RangeAllocator(size: 1024)
        let a = ranges.allocate(100, alignment: 64)
        let b = ranges.allocate(100, alignment: 64)
        let c = ranges.allocate(100, alignment: 64)
        #expect([a, b, c] == [0..<100, 128..<228, 256..<356])
        ranges.release(128..<228)
        let between = ranges.allocate(128, alignment: 64)
        #expect(between == 128..<256)
        ranges.release(128..<256)
        ranges.release(0..<100)
        ranges.release(256..<356)
        #expect(ranges.isEmpty && ranges.free == [0..<1024])
    }

    @Test(arguments: [(0, 64), (-1, 64), (1025, 64), (Int.max, 64), (1, 0)])
    func refuses(_ count: Int, _ alignment: Int) {
        var ranges = RangeAllocator(size: 1024)
        let range = ranges.allocate(count, alignment: alignment)
        #expect(range == nil)
        #expect(ranges.isEmpty)
    }

    @Test func anEmptyBlockHasNoRoom() {
        var ranges = RangeAllocator(size: 0)
        let range = ranges.allocate(1, alignment: 1)
        #expect(range == nil)
    }

    /// 2000 random steps; nothing overlaps, everything is aligned, all comes back.
    @Test func neverOverlaps() {
        var (ranges, held, seed) = (RangeAllocator(size: 65_536), [Range<Int>](), UInt64(7))
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        for _ in 0..<2000 {
            if next(3) == 0, !held.isEmpty {
                ranges.release(held.remove(at: next(held.count)))
            } else if let range = ranges.allocate(1 + next(3000), alignment: 1 << next(8)) {
                #expect(!held.contains { $0.overlaps(range) })
                held.append(range)
            }
        }
        for range in held { ranges.release(range) }
        #expect(ranges.isEmpty)
    }
}

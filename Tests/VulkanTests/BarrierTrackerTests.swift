import OpsinVulkan
import Testing

@Suite struct BarrierTrackerTests {
    private final class Block {}
    private let one = Block()
    private let two = Block()

    private func use(_ block: Block, _ range: Range<Int>, _ access: BufferAccess) -> BarrierTracker.Use {
        BarrierTracker.Use(block: ObjectIdentifier(block), range: range, access: access)
    }

    private func expectBarrier(
        _ expected: Bool, _ tracker: inout BarrierTracker, _ uses: [BarrierTracker.Use], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let needed = tracker.needsBarrier(before: uses)
        #expect(needed == expected, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        (BufferAccess.read, BufferAccess.read, false), (.read, .write, true), (.write, .read, true), (.write, .write, true), (.readWrite, .read, true),
        (.read, .readWrite, true),
    ])
    func ordersOnlyWhatConflicts(_ first: BufferAccess, _ second: BufferAccess, _ expected: Bool) {
        var tracker = BarrierTracker()
        expectBarrier(false, &tracker, [use(one, 0..<64, first)])
        expectBarrier(expected, &tracker, [use(one, 32..<96, second)])
        #expect(tracker.count == (expected ? 1 : 0))
    }

    @Test func neighboursAndOtherBlocksAreFree() {
        var tracker = BarrierTracker()
        expectBarrier(false, &tracker, [use(one, 0..<64, .write)])
        expectBarrier(false, &tracker, [use(one, 64..<128, .write)])
        expectBarrier(false, &tracker, [use(two, 0..<128, .write)])
    }

    @Test func aBarrierSettlesEverythingBefore() {
        var tracker = BarrierTracker()
        _ = tracker.needsBarrier(before: [use(one, 0..<64, .write)])
        _ = tracker.needsBarrier(before: [use(two, 0..<64, .write)])
        expectBarrier(true, &tracker, [use(one, 0..<64, .read), use(one, 64..<128, .write)])
        expectBarrier(false, &tracker, [use(two, 0..<64, .read)])
        expectBarrier(true, &tracker, [use(one, 64..<128, .read)])
        #expect(tracker.count == 2)
    }

    @Test func aCommandDoesNotConflictWithItself() {
        var tracker = BarrierTracker()
        expectBarrier(false, &tracker, [use(one, 0..<64, .read), use(one, 0..<64, .write)])
    }
}

import OpsinVision
import Testing

/// Average precision against values that were worked out by hand after `pycocotools`' definition.
@Suite struct AveragePrecisionTests {
    func box(_ label: Int, _ corners: [Float], _ score: Float = 1) -> LabelledBox { LabelledBox(label: label, score: score, corners: corners) }

    @Test func overlapIsTheCommonPartOverBoth() {
        let a = box(0, [0, 0, 10, 10])
        #expect(a.overlap(box(0, [0, 0, 10, 10])) == 1)
        #expect(abs(a.overlap(box(0, [5, 0, 15, 10])) - 1.0 / 3) < 1e-12)
        #expect(a.overlap(box(0, [10, 0, 20, 10])) == 0)
        #expect(a.overlap(box(0, [5, 5, 5, 5])) == 0 && box(0, []).overlap(a) == 0)
    }

    @Test func everythingFoundIsOneAndNothingIsZero() {
        var precision = AveragePrecision()
        #expect(precision.scores().precision == 0)
        let truth = [box(3, [0, 0, 10, 10]), box(5, [20, 20, 40, 40])]
        precision.add(marked: truth, found: truth)
        let whole = precision.scores()
        #expect(whole.precision == 1 && whole.recall == 1 && whole.classes == 2 && whole.byOverlap == [Double](repeating: 1, count: 10))
        var blind = AveragePrecision()
        blind.add(marked: truth, found: [box(7, [0, 0, 10, 10])])
        #expect(blind.scores().precision == 0 && blind.scores().recall == 0 && blind.scores().classes == 2)
        #expect(blind.images == 1 && blind.objects == 2)
    }

    /// Two marked objects. Best first: right, wrong, right. Precisions 1, 1/2, 2/3 at recalls 1/2, 1/2, 1: 51 of the 101 recalls are up to 1/2, where the
    /// largest precision behind is 1, and 50 above, where it is 2/3.
    @Test func aMissInBetweenCostsAShare() {
        var precision = AveragePrecision()
        precision.add(
            marked: [box(0, [0, 0, 10, 10]), box(0, [50, 50, 60, 60])],
            found: [box(0, [80, 80, 90, 90], 0.8), box(0, [0, 0, 10, 10], 0.9), box(0, [50, 50, 60, 60], 0.7)])
        #expect(abs(precision.scores().precision - (51 + 50 * 2.0 / 3) / 101) < 1e-12)
        #expect(precision.scores().recall == 1)
    }

    /// The same object found twice counts once; the second is wrong. A photo without marks makes wrong whatever is found on it.
    @Test func anObjectIsTakenOnce() {
        var precision = AveragePrecision()
        precision.add(marked: [box(0, [0, 0, 10, 10])], found: [box(0, [0, 0, 10, 10], 0.9), box(0, [0, 0, 10, 10], 0.8)])
        #expect(precision.scores().precision == 1)
        precision.add(marked: [], found: [box(0, [0, 0, 10, 10], 0.95)])
        #expect(abs(precision.scores().precision - 0.5) < 1e-12)
    }

    /// 10 x 10 against 10 x 8.2: an overlap of 0.82, which counts at 0.5 ... 0.8, 7 of the 10.
    @Test func loosenessCountsByOverlap() {
        var precision = AveragePrecision()
        precision.add(marked: [box(0, [0, 0, 10, 10])], found: [box(0, [0, 0, 10, 8.2], 0.9)])
        let scores = precision.scores()
        #expect(scores.byOverlap == [1, 1, 1, 1, 1, 1, 1, 0, 0, 0])
        #expect(abs(scores.precision - 0.7) < 1e-12 && abs(scores.recall - 0.7) < 1e-12)
    }

    @Test func atMostAHundredOfAClassCount() {
        var precision = AveragePrecision()
        let wrong = (0..<100).map { box(0, [50, 50, 60, 60], 0.9 - Float($0) / 1000) }
        precision.add(marked: [box(0, [0, 0, 10, 10])], found: wrong + [box(0, [0, 0, 10, 10], 0.1)])
        #expect(precision.scores().recall == 0)
    }
}

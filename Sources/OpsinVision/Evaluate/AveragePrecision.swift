/// An object that a person marked, or that a detector found, with corners in pixels.
package struct LabelledBox: Hashable, Sendable {
    package var label: Int
    /// 1 for what a person marked.
    package var score: Float
    /// Left, top, right, bottom.
    package var corners: [Float]

    package init(label: Int, score: Float = 1, corners: [Float]) { (self.label, self.score, self.corners) = (label, score, corners) }

    /// Area of the common part over the area of both, 0...1; 0 where there is none or a number is missing.
    package func overlap(_ other: LabelledBox) -> Double {
        guard corners.count == 4, other.corners.count == 4 else { return 0 }
        func area(_ c: [Double]) -> Double { max(c[2] - c[0], 0) * max(c[3] - c[1], 0) }
        let a = corners.map { Double($0) }, b = other.corners.map { Double($0) }
        let common = area([max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])])
        let union = area(a) + area(b) - common
        return union > 0 ? common / union : 0
    }
}

/// How well a detector finds marked objects, as COCO counts it (`pycocotools`' `COCOeval` with boxes of all areas and none marked as crowd).
///
/// For ten overlaps 0.5, 0.55 ... 0.95 and each class that occurs: detections, best first, take the marked object of their image that they overlap most and
/// that is still free; precision as the largest at or behind each of 101 recalls, averaged.
package struct AveragePrecision: Sendable {
    /// Most detections of one class on one image that count.
    package static let largestCount = 100
    /// The overlaps at which a detection counts as right.
    package static let overlaps = (0..<10).map { 0.5 + 0.05 * Double($0) }

    /// What came out, 0...1.
    package struct Scores: Hashable, Sendable {
        /// Mean over all overlaps and classes: "AP".
        package var precision: Double
        /// Mean over the classes by overlap: the first is "AP50".
        package var byOverlap: [Double]
        /// Largest recall, mean over all overlaps and classes: "AR100".
        package var recall: Double
        /// Classes that were marked.
        package var classes: Int
    }

    private struct Candidate {
        var score: Float
        /// By overlap: whether it took a marked object.
        var isRight: [Bool]
    }

    private var candidates: [Int: [Candidate]] = [:]
    private var markedCounts: [Int: Int] = [:]
    /// Images so far.
    package private(set) var images = 0
    /// Marked objects so far.
    package private(set) var objects = 0

    package init() {}

    /// Adds one image.
    package mutating func add(marked: [LabelledBox], found: [LabelledBox]) {
        images += 1
        objects += marked.count
        for box in marked { markedCounts[box.label, default: 0] += 1 }
        for label in Set(found.map(\.label)) {
            let truth = marked.filter { $0.label == label }
            let sorted = found.filter { $0.label == label }.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
            candidates[label, default: []] += Self.matched(sorted.prefix(Self.largestCount).map(\.element), truth)
        }
    }

    /// Which detections are right at which overlap; `found` is best first.
    private static func matched(_ found: [LabelledBox], _ truth: [LabelledBox]) -> [Candidate] {
        var taken = [[Bool]](repeating: [Bool](repeating: false, count: truth.count), count: overlaps.count)
        return found.map { box in
            let shares = truth.map { box.overlap($0) }
            var candidate = Candidate(score: box.score, isRight: [Bool](repeating: false, count: overlaps.count))
            for (index, least) in overlaps.enumerated() {
                var best: Int?
                var share = min(least, 1 - 1e-10)
                for (place, value) in shares.enumerated() where !taken[index][place] && value >= share { (best, share) = (place, value) }
                guard let best else { continue }
                taken[index][best] = true
                candidate.isRight[index] = true
            }
            return candidate
        }
    }

    /// The figures over all images so far; all 0 when nothing was marked.
    package func scores() -> Scores {
        var precisions = [Double](repeating: 0, count: Self.overlaps.count), recalls = precisions
        for (label, count) in markedCounts {
            // Equal scores stay in the order of the images.
            let sorted = (candidates[label] ?? []).enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
            for index in Self.overlaps.indices {
                let (precision, recall) = Self.curve(sorted.map { $0.isRight[index] }, of: count)
                precisions[index] += precision
                recalls[index] += recall
            }
        }
        let classes = Double(max(markedCounts.count, 1))
        let byOverlap = precisions.map { $0 / classes }
        return Scores(
            precision: byOverlap.reduce(0, +) / Double(byOverlap.count), byOverlap: byOverlap,
            recall: recalls.reduce(0, +) / classes / Double(recalls.count), classes: markedCounts.count)
    }

    /// The mean of the precision at 101 recalls, and the largest recall, of detections best first.
    private static func curve(_ isRight: [Bool], of count: Int) -> (precision: Double, recall: Double) {
        var recalls: [Double] = [], precisions: [Double] = []
        var right = 0
        for (index, hit) in isRight.enumerated() {
            right += hit ? 1 : 0
            recalls.append(Double(right) / Double(count))
            precisions.append(Double(right) / Double(index + 1))
        }
        for index in precisions.indices.dropLast().reversed() { precisions[index] = max(precisions[index], precisions[index + 1]) }
        var sum = 0.0
        var place = 0
        for step in 0...100 {
            while place < recalls.count, recalls[place] < Double(step) * 0.01 { place += 1 }
            if place < recalls.count { sum += precisions[place] }
        }
        return (sum / 101, recalls.last ?? 0)
    }
}

/// Attention that looks at a few points of several maps: each query and head samples `points` of every level at places that it computed itself, and weighs
/// what it finds (Deformable DETR, arXiv 2010.04159, section 4.1, equation 3; `transformers`' `multi_scale_deformable_attention`).
///
/// Inputs, `K` the sum of all levels' points and `T` the sum of their pixels:
/// - value `[n, h, w, heads * size]` with `h * w = T`: the maps of all levels one after another, row by row; head `i` owns channels `i * size ..< (i + 1) * size`
/// - offsets `[n, h, w, heads * K * 2]`: `(x, y)` of each point, the points of the first level first
/// - logits `[n, h, w, heads * K]`: a softmax over all `K` of a head gives the weights
/// - references `[n or 1, h, w, R]`: `(x, y)` in 0...1 of the map (`R` is 2), or a box `(x, y, width, height)` (`R` is 4); levels times as many for one a level
///
/// Output `[n, h, w, heads * size]`. A point lies at `reference + offset / (width, height)` of its level's map, or in a box at
/// `(x, y) + offset / points * (width, height) / 2`, `points` those of its level. Sampling is bilinear at `location * side - 0.5`; each of the four corners that
/// is outside of the map counts as 0 by itself: `torch.nn.functional.grid_sample(mode="bilinear", padding_mode="zeros", align_corners=False)`.
package struct MultiScaleDeformableAttention: OpRule {
    /// One map.
    package struct Level: Hashable, Sendable {
        package let height: Int
        package let width: Int
        /// How many places a head samples on it.
        package let points: Int

        package init(height: Int, width: Int, points: Int) { (self.height, self.width, self.points) = (height, width, points) }
    }

    package let heads: Int
    package let levels: [Level]
    /// Pixels of all levels.
    package let tokens: Int
    /// Points of all levels.
    package let points: Int

    /// Throws unless there are 1 to 64 levels of sides in 1...2^20 with 1 to 256 points each, at most 2^24 pixels in all, and 1 to 1024 heads.
    package init(heads: Int, levels: [Level]) throws(GraphError) {
        guard (1...1024).contains(heads) else { throw .attribute("MultiScaleDeformableAttention: \(heads) heads, expected 1 to 1024") }
        guard (1...64).contains(levels.count) else { throw .attribute("MultiScaleDeformableAttention: \(levels.count) levels, expected 1 to 64") }
        let sides = 1...(1 << 20)
        for level in levels where !sides.contains(level.height) || !sides.contains(level.width) || !(1...256).contains(level.points) {
            throw .attribute(
                "MultiScaleDeformableAttention: a level of \(level.height)x\(level.width) with \(level.points) points, expected sides of 1 to 2^20 and 1 to 256"
            )
        }
        let tokens = levels.reduce(0) { $0 + $1.height * $1.width }
        guard tokens <= 1 << 24 else { throw .attribute("MultiScaleDeformableAttention: levels of \(tokens) pixels, expected at most 2^24") }
        (self.heads, self.levels, self.tokens, points) = (heads, levels, tokens, levels.reduce(0) { $0 + $1.points })
    }

    package var inputCount: ClosedRange<Int> { 4...4 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let value = inputs[0], offsets = inputs[1], logits = inputs[2], references = inputs[3]
        guard value.h * value.w == tokens, value.c % heads == 0 else {
            throw .shape("MultiScaleDeformableAttention: values of \(value), expected \(tokens) tokens and a multiple of \(heads) channels")
        }
        let expected = try value.with(h: offsets.h, w: offsets.w, c: heads * points * 2)
        guard offsets == expected else { throw .shape("MultiScaleDeformableAttention: offsets of \(offsets), expected \(expected)") }
        guard logits == (try offsets.with(c: heads * points)) else {
            throw .shape("MultiScaleDeformableAttention: weights of \(logits), expected \(try offsets.with(c: heads * points))")
        }
        let sizes = [2, 4, 2 * levels.count, 4 * levels.count]
        guard references.n == 1 || references.n == value.n, (references.h, references.w) == (offsets.h, offsets.w), sizes.contains(references.c) else {
            throw .shape("MultiScaleDeformableAttention: references of \(references), expected \(try offsets.with(c: 2)) or 4 numbers, or as many a level")
        }
        return try offsets.with(c: value.c)
    }

    /// Whether `references` of this many numbers are boxes, and how many numbers there are from one level's to the next one's; 0 where all share one.
    ///
    /// Four numbers of two levels are read as one box.
    package func references(_ count: Int) -> (areBoxes: Bool, step: Int) {
        switch count {
        case 2: (false, 0)
        case 4: (true, 0)
        default: count == 2 * levels.count ? (false, 2) : (true, 4)
        }
    }

    /// Four corners of each point, a multiply-add each and the four weights' own arithmetic; reads every value once, as if caches kept it.
    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: 8 * points * y.count + 30 * inputs[2].count, readElements: inputs.reduce(0) { $0 + $1.count }, writtenElements: y.count)
    }
}

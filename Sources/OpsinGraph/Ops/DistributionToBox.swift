/// Boxes from a probability distribution over distances for each of their sides: fine-grained distribution refinement (D-FINE, arXiv 2410.13842, section 3.1).
///
/// Inputs: `[n, h, w, 4 * bins]`, logits of the distances left, top, right and bottom; `[n, h, w, 4]`, the boxes that they refine, centre and size.
/// Per side `d = sum over b of softmax(logits)[b] * distances[b]`; with the refined box `(cx, cy, sx, sy)` and scale `s` the left edge is
/// `cx - (s / 2 + d) * sx / s`, the right one `cx + (s / 2 + d) * sx / s`, top and bottom alike. Output `[n, h, w, 4]`, centre and size of the new box.
package struct DistributionToBox: OpRule {
    /// The distance that each bin stands for.
    package let distances: [Float]
    package let scale: Float

    /// 2 to 4096 distances; `scale` above 0.
    package init(distances: [Float], scale: Float) throws(GraphError) {
        guard (2...4096).contains(distances.count) else { throw .attribute("DistributionToBox: \(distances.count) distances, expected 2 to 4096") }
        guard scale > 0, scale.isFinite else { throw .attribute("DistributionToBox: the scale is \(scale), expected a number above 0") }
        (self.distances, self.scale) = (distances, scale)
    }

    package var inputCount: ClosedRange<Int> { 2...2 }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs[0].c == 4 * distances.count, try inputs[1] == inputs[0].with(c: 4) else {
            throw .shape("DistributionToBox: logits \(inputs[0]) and boxes \(inputs[1]), expected \(4 * distances.count) and 4 channels for the same boxes")
        }
        return inputs[1]
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(
            flops: 7 * inputs[0].count, readElements: inputs[0].count + inputs[1].count, writtenElements: y.count, weightElements: distances.count)
    }
}

private import Glibc

/// Sines and cosines of each number at `features / 2` frequencies: the position embedding of boxes.
///
/// Input `[n, h, w, k]`, output `[n, h, w, k * features]`: feature `j` of number `x` is `sin(scale * x / t)` for even `j`, `cos` for odd `j`, with
/// `t = temperature ^ (2 * floor(j / 2) / features)`. Source: `transformers`' `get_proposal_pos_embed` (Deformable DETR); arXiv 1706.03762, section 3.5.
package struct SineEmbedding: OpRule {
    package let features: Int
    package let temperature: Double
    package let scale: Double

    /// Throws unless `features` is even and 2 to 4096, `temperature` above 1 and `scale` finite.
    package init(features: Int, temperature: Double = 10_000, scale: Double = 2 * .pi) throws(GraphError) {
        guard (2...4096).contains(features), features % 2 == 0 else {
            throw .attribute("SineEmbedding: \(features) features, expected an even number of 2 to 4096")
        }
        guard temperature > 1, temperature.isFinite, scale.isFinite else {
            throw .attribute("SineEmbedding: temperature \(temperature) and scale \(scale), expected a temperature above 1")
        }
        (self.features, self.temperature, self.scale) = (features, temperature, scale)
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape { try inputs[0].with(c: inputs[0].c * features) }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: 16 * y.count, readElements: inputs[0].count, writtenElements: y.count)
    }
}

extension SineEmbedding {
    /// Radians a unit of the input, by feature.
    package var factors: [Float] {
        (0..<features).map { Float(scale / pow(temperature, Double($0 / 2 * 2) / Double(features))) }
    }
}

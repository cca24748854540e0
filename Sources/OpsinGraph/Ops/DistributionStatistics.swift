/// How peaked a distribution is: of each group's softmax the largest probabilities, largest first, then their mean.
///
/// Input `[n, h, w, groups * bins]`, logits; output `[n, h, w, groups * (top + 1)]`. A box's localisation quality is estimated from it.
/// Source: Generalized Focal Loss V2 (arXiv 2011.12885, section 3.2), as D-FINE's LQE uses it.
package struct DistributionStatistics: OpRule {
    package let groups: Int
    package let top: Int

    /// `groups` in 1...1024, `top` in 1...16.
    package init(groups: Int, top: Int) throws(GraphError) {
        guard (1...1024).contains(groups), (1...16).contains(top) else {
            throw .attribute("DistributionStatistics: \(groups) groups and the top \(top), expected 1 to 1024 and 1 to 16")
        }
        (self.groups, self.top) = (groups, top)
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        let x = inputs[0]
        guard x.c % groups == 0, x.c / groups >= top, x.c / groups <= 4096 else {
            throw .shape("DistributionStatistics: \(x) does not split into \(groups) groups of \(top) to 4096 bins")
        }
        return try x.with(c: groups * (top + 1))
    }

    package func cost(of inputs: [Shape], output y: Shape) -> Cost {
        Cost(flops: (5 + top) * inputs[0].count, readElements: inputs[0].count, writtenElements: y.count)
    }
}

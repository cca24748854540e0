/// Makes one convolution of two that read the same map and whose results are added: `A x + B x = (A + B) x`, the smaller window padded with zeros.
/// RepVGG's blocks (arXiv 2101.03697, section 3.3) have a 3x3 and a 1x1 branch of this kind.
package enum MergeParallelConvolutions {
    package static func run(_ graph: Graph) -> Graph {
        var rewriter = GraphRewriter(graph)
        for reader in rewriter.nodeIndices {
            guard case .add(let add) = rewriter.graph.nodes[reader].op, add.activation == .identity else { continue }
            let operands = rewriter.graph.nodes[reader].inputs
            guard operands[0] != operands[1], let a = rewriter.soleProducer(of: operands[0]), let b = rewriter.soleProducer(of: operands[1]),
                rewriter.graph.nodes[a].inputs == rewriter.graph.nodes[b].inputs, case .conv2D(let first) = rewriter.graph.nodes[a].op,
                case .conv2D(let second) = rewriter.graph.nodes[b].op, let merged = first.adding(second) ?? second.adding(first)
            else { continue }
            // The earlier of the two nodes goes, the later one does the work of all three: nobody reads in between.
            let (kept, gone) = (max(a, b), min(a, b))
            rewriter.remove(gone)
            rewriter.absorb(reader, into: kept, as: .conv2D(merged))
        }
        return rewriter.finish()
    }
}

extension Conv2D {
    /// The convolution that gives the sum of this one and `small`, whose window lies inside of this one's around the same pixel; nil when it does not, or
    /// when one has an epilogue.
    func adding(_ small: Conv2D) -> Conv2D? {
        let (w, s) = (window, small.window)
        let (top, left) = (w.padding.top - s.padding.top, w.padding.left - s.padding.left)
        guard epilogue == Epilogue(), small.epilogue == Epilogue(), w.strideY == s.strideY, w.strideX == s.strideX, w.dilationY == 1, w.dilationX == 1,
            s.dilationY == 1, s.dilationX == 1, top >= 0, left >= 0, top + s.height <= w.height, left + s.width <= w.width,
            w.padding.bottom - s.padding.bottom == w.height - s.height - top, w.padding.right - s.padding.right == w.width - s.width - left
        else { return nil }
        var weights = filter.effectiveWeights(taps: w.height * w.width, inputs: inputChannels)
        let added = small.filter.effectiveWeights(taps: s.height * s.width, inputs: inputChannels)
        for channel in 0..<outputChannels * inputChannels {
            for y in 0..<s.height {
                for x in 0..<s.width {
                    weights[(channel * w.height + y + top) * w.width + x + left] += added[(channel * s.height + y) * s.width + x]
                }
            }
        }
        // Backends keep packed weights by name: the sum of other factors must have another one.
        let name = "\(filter.constant.name)+\(small.filter.constant.name)#\(weights.hashValue)"
        guard let constant = Constant(name: name, dimensions: [outputChannels, inputChannels, w.height, w.width], values: weights) else { return nil }
        var result = self
        result.filter = Filter(constant)
        switch (filter.bias, small.filter.bias) {
        case (let a?, let b?): result.filter.bias = zip(a, b).map { $0 + $1 }
        case (let a, let b): result.filter.bias = a ?? b
        }
        return result
    }
}

extension Filter {
    /// The weights `[outputs, inputs, taps]` with the scales multiplied in.
    fileprivate func effectiveWeights(taps: Int, inputs: Int) -> [Float] {
        let stored = constant.floats(), outputs = stored.count / max(taps * inputs, 1)
        return stored.indices.map { index in
            let (tap, input, output) = (index % taps, index / taps % inputs, index / taps / inputs)
            let value = stored[layout == .outputFirst ? index : (tap * inputs + input) * outputs + output]
            return value * (outputScale?[output] ?? 1) * (inputScale?[input] ?? 1)
        }
    }
}

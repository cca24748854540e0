/// Removes batch norms by folding them into the weights of a neighbour.
package enum FoldBatchNorm {
    /// Into the convolution or linear layer before it: exact, whatever the padding, because the norm follows the sum.
    package static func backward(_ graph: Graph) -> Graph {
        var rewriter = GraphRewriter(graph)
        for reader in rewriter.nodeIndices {
            guard case .batchNorm(let norm) = rewriter.graph.nodes[reader].op else { continue }
            rewriter.foldIntoProducer(reader, scale: norm.scale, shift: norm.shift)
        }
        return rewriter.finish()
    }

    /// Into the layers behind it, when all of them are unpadded 1x1 convolutions or linear layers.
    ///
    /// A padded convolution would see the norm's shift only where the map is, not in its zeros, so folding the shift into its bias is wrong at the
    /// borders (MobileNetV4's `attn.key.down_conv`): then the norm stays.
    package static func forward(_ graph: Graph) -> Graph {
        var rewriter = GraphRewriter(graph)
        for index in rewriter.nodeIndices where rewriter.isLive(index) {
            guard case .batchNorm(let norm) = rewriter.graph.nodes[index].op else { continue }
            let output = rewriter.graph.nodes[index].output
            guard !rewriter.graph.requiresFloat32(output) else { continue }
            let (readers, isOutput) = rewriter.readers(of: output)
            guard !isOutput, !readers.isEmpty, readers.allSatisfy({ takesPointwise(rewriter.graph.nodes[$0], rewriter.graph.nodes[index].output) }) else {
                continue
            }
            for reader in readers {
                let op = rewriter.graph.nodes[reader].op
                guard let (filter, epilogue) = op.weighted else { continue }
                rewriter.replaceOp(of: reader, with: op.with(filter: filter.applyingInput(scale: norm.scale, shift: norm.shift), epilogue: epilogue))
            }
            rewriter.bypass(index)
        }
        return rewriter.finish()
    }

    /// Through the ReLU before it into the layer before that, where one shift is for all channels: `s * max(x, 0) + b = max(s * x + b, b)` for `s >= 0`,
    /// and `min` for `s <= 0`. HGNetV2's learnable affine block is such a norm. Exact, and at no cost when the activation runs in the layer's epilogue.
    package static func throughReLU(_ graph: Graph) -> Graph {
        var rewriter = GraphRewriter(graph)
        for reader in rewriter.nodeIndices {
            guard case .batchNorm(let norm) = rewriter.graph.nodes[reader].op, let shift = norm.shift.first, norm.shift.allSatisfy({ $0 == shift }) else {
                continue
            }
            let function: ActivationFunction
            if norm.scale.allSatisfy({ $0 >= 0 }) {
                function = .atLeast(shift)
            } else if norm.scale.allSatisfy({ $0 <= 0 }) {
                function = .atMost(shift)
            } else {
                continue
            }
            guard let activation = rewriter.soleProducer(of: rewriter.graph.nodes[reader].inputs[0]),
                case .activation(let relu) = rewriter.graph.nodes[activation].op, relu.function == .relu,
                let layer = rewriter.soleProducer(of: rewriter.graph.nodes[activation].inputs[0]),
                let weighted = rewriter.graph.nodes[layer].op.weighted, weighted.epilogue == Epilogue()
            else { continue }
            var filter = weighted.filter
            filter.apply(scale: norm.scale, shift: norm.shift)
            rewriter.replaceOp(of: layer, with: rewriter.graph.nodes[layer].op.with(filter: filter, epilogue: Epilogue()))
            rewriter.absorb(reader, into: activation, as: .activation(Activation(function)))
        }
        return rewriter.finish()
    }

    /// Reads `value` as the input of an unpadded pointwise product, and not as its residual.
    private static func takesPointwise(_ node: Graph.Node, _ value: Value) -> Bool {
        guard node.inputs.first == value, !node.inputs.dropFirst().contains(value) else { return false }
        switch node.op {
        case .conv2D(let op): return op.window.height == 1 && op.window.width == 1 && op.window.padding == .none
        case .linear: return true
        default: return false
        }
    }
}

extension Filter {
    /// The filter of `W (scale * x + shift) + b` for pointwise weights: the input scale grows, `W shift` joins the bias. Reads all weights once.
    package func applyingInput(scale: [Float], shift: [Float]) -> Filter {
        var result = self
        let inputs = scale.count, outputs = constant.count / max(inputs, 1)
        let weights = constant.floats()
        let effectiveShift = inputScale.map { zip($0, shift).map { $0 * $1 } } ?? shift
        var sums = [Double](repeating: 0, count: outputs)
        for output in 0..<outputs {
            for input in 0..<inputs {
                let weight = weights[layout == .outputFirst ? output * inputs + input : input * outputs + output]
                sums[output] += Double(weight) * Double(effectiveShift[input])
            }
        }
        let added = sums.indices.map { Float(sums[$0] * Double(outputScale?[$0] ?? 1)) }
        result.bias = bias.map { zip($0, added).map { $0 + $1 } } ?? added
        result.inputScale = inputScale.map { zip($0, scale).map { $0 * $1 } } ?? scale
        return result
    }
}

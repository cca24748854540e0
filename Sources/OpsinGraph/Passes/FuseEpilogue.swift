/// Lets convolutions and linear layers apply the activation and add the residual that follow them, while the sums are in registers.
package enum FuseEpilogue {
    package static func run(_ graph: Graph) -> Graph {
        var rewriter = GraphRewriter(graph)
        for reader in rewriter.nodeIndices {
            switch rewriter.graph.nodes[reader].op {
            case .activation(let activation): fuse(activation.function, reader, &rewriter)
            case .add(let add): fuse(add, reader, &rewriter)
            default: continue
            }
        }
        return rewriter.finish()
    }

    private static func fuse(_ function: ActivationFunction, _ reader: Int, _ rewriter: inout GraphRewriter) {
        guard let node = rewriter.soleProducer(of: rewriter.graph.nodes[reader].inputs[0]) else { return }
        let op = rewriter.graph.nodes[node].op
        if case .add(let add) = op, add.activation == .identity {
            rewriter.absorb(reader, into: node, as: .add(Add(activation: function)))
        } else if let weighted = op.weighted, weighted.epilogue.activation == .identity {
            // f(sum + residual): what was added after the identity is added before f.
            let epilogue = Epilogue(activation: function, residual: weighted.epilogue.residual == .none ? .none : .beforeActivation)
            rewriter.absorb(reader, into: node, as: op.with(filter: weighted.filter, epilogue: epilogue))
        }
    }

    /// The operand that is computed last takes the addition over; the other one exists by then.
    private static func fuse(_ add: Add, _ reader: Int, _ rewriter: inout GraphRewriter) {
        let operands = rewriter.graph.nodes[reader].inputs
        guard operands[0].shape == operands[1].shape, operands[0] != operands[1] else { return }
        let order = rewriter.producer(of: operands[0]) > rewriter.producer(of: operands[1]) ? [0, 1] : [1, 0]
        guard let node = rewriter.soleProducer(of: operands[order[0]]), rewriter.producer(of: operands[order[1]]) < node else { return }
        let op = rewriter.graph.nodes[node].op
        guard let weighted = op.weighted, weighted.epilogue.residual == .none else { return }
        let epilogue: Epilogue
        if add.activation == .identity {
            epilogue = Epilogue(activation: weighted.epilogue.activation, residual: .afterActivation)
        } else if weighted.epilogue.activation == .identity {
            epilogue = Epilogue(activation: add.activation, residual: .beforeActivation)
        } else {
            return
        }
        rewriter.absorb(reader, into: node, as: op.with(filter: weighted.filter, epilogue: epilogue), extraInputs: [operands[order[1]]])
    }
}

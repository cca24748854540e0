package import OpsinGraph

extension Op {
    /// Whether the CPU can run the node on bytes, given what its values' bytes would stand for.
    package static func int8Form(_ node: Graph.Node, _ ranges: (Value) -> Quantization?) -> QuantizeActivations.Form {
        switch node.op {
        case .conv2D(let op):
            if op.hasGate { return .refused("its input is multiplied by a gate") }
            return weighted(node, op.filter, op.epilogue, depth: op.window.height * op.window.width * op.inputChannels, ranges)
        case .linear(let op): return weighted(node, op.filter, op.epilogue, depth: op.inputFeatures, ranges)
        case .depthwiseConv2D(let op):
            // Only products can end in fp32.
            let form = weighted(node, op.filter, op.epilogue, depth: op.window.height * op.window.width, ranges)
            if case .bytesOrFloats = form { return .bytes }
            return form
        case .add(let op):
            if let reason = Epilogue(activation: op.activation).int8Refusal { return .refused(reason) }
            if op.activation == .hardSwish { return .refused("its activation has no form in the sum of bytes") }
            return node.inputs[0].shape == node.inputs[1].shape ? .bytes : .refused("one of its inputs is repeated")
        case .activation, .globalAveragePool: return .bytes
        default: return .refused("no form of bytes")
        }
    }

    private static func weighted(
        _ node: Graph.Node, _ filter: Filter, _ epilogue: Epilogue, depth: Int, _ ranges: (Value) -> Quantization?
    ) -> QuantizeActivations.Form {
        if let reason = epilogue.int8Refusal { return .refused(reason) }
        guard let x = ranges(node.inputs[0]) else { return .refused("no range is known for its input") }
        let y = ranges(node.output)
        do {
            _ = try Int8Weights(filter, outputs: node.output.shape.c, depth: depth, x: x, y: epilogue.activation == .hardSwish ? nil : y)
        } catch {
            return .refused(error.reason)
        }
        return epilogue == Epilogue() ? .bytesOrFloats : .bytes
    }
}

internal import OpsinGraph
internal import OpsinModels

extension Model {
    /// The reference's names of all values that can be asked for, in the order of the network; raw convolution outputs included.
    public func layerNames() throws(OpsinError) -> [String] { try graphOfOwnSize(optimized: false).endpoints.map(\.name) }

    /// `tensors` in the order in which the network computes them, outputs last, samples (`sample.NAME`) as the layers that they are of: the first that
    /// diverges is then where it began.
    public func inNetworkOrder(_ tensors: [Tensor]) throws(OpsinError) -> [Tensor] {
        var places: [String: Int] = [:]
        for (place, name) in try layerNames().enumerated() { places[name] = place }
        func place(_ name: String) -> Int { places[name.hasPrefix("sample.") ? String(name.dropFirst(7)) : name] ?? .max }
        return tensors.enumerated().sorted { (place($0.element.name), $0.offset) < (place($1.element.name), $1.offset) }.map(\.element)
    }

    /// The layers whose values also exist in the fused graph: raw outputs of convolutions do not, because the norm is folded into them.
    public func moduleOutputs() throws(OpsinError) -> [String] {
        let graph = try graphOfOwnSize(optimized: true)
        let kept = Set(graph.nodes.map(\.output.index))
        return graph.endpoints.filter { kept.contains($0.value.index) }.map(\.name)
    }

    /// The tensors whose rows a network chose by score, in the order of the network, and how many rows they have: rounding may change which rows they are, and
    /// their order. None for most networks.
    public func chosenRows() throws(OpsinError) -> (names: [String], count: Int) {
        let graph = try graphOfOwnSize(optimized: false)
        var (chosen, count) = (Set<Int>(), 0)
        for node in graph.nodes {
            if case .topKGather(let op) = node.op {
                count = op.count
                chosen.insert(node.output.index)
            } else if node.output.shape.w == count, node.inputs.contains(where: { chosen.contains($0.index) }) {
                chosen.insert(node.output.index)
            }
        }
        var names: [String] = []
        for port in graph.endpoints + graph.outputs where chosen.contains(port.value.index) && !names.contains(port.name) { names.append(port.name) }
        return (names, count)
    }

    /// A fixed input of the model's own size: a sum of waves in -1...1 that differs in every pixel.
    public func patternInput() throws(OpsinError) -> Tensor { try patternInput(network.architecture.inputSize) }

    /// The same of another size.
    func patternInput(_ size: InputSize) throws(OpsinError) -> Tensor {
        let count = 3 * size.height * size.width
        let values = (0..<count).map { index in
            // Two triangle waves of coprime periods.
            let a = Float(index % 97) / 48.5 - 1, b = Float(index % 331) / 165.5 - 1
            return 0.7 * a - 0.3 * b
        }
        return try Tensor(name: "pixel_values", dimensions: [1, 3, size.height, size.width], values: values)
    }
}

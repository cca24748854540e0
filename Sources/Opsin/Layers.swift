internal import OpsinGraph
internal import OpsinModels

extension Model {
    /// The reference's names of all values that can be asked for, in the order of the network; raw convolution outputs included.
    public func layerNames() throws(OpsinError) -> [String] {
        let size = network.architecture.inputSize
        do {
            return try network.graph(batch: 1, height: size.height, width: size.width).endpoints.map(\.name)
        } catch {
            throw OpsinError(error)
        }
    }

    /// Whether `name` is one of `layerNames`.
    public func isLayer(_ name: String) -> Bool { ((try? layerNames()) ?? []).contains(name) }

    /// The layers whose values also exist in the fused graph: raw outputs of convolutions do not, because the norm is folded into them.
    public func moduleOutputs() throws(OpsinError) -> [String] {
        let size = network.architecture.inputSize
        let graph = try graph(batch: 1, height: size.height, width: size.width, endpoints: [])
        let kept = Set(graph.nodes.map(\.output.index))
        return graph.endpoints.filter { kept.contains($0.value.index) }.map(\.name)
    }

    /// A fixed input of the model's own size: a sum of waves in -1...1 that differs in every pixel.
    public func patternInput() throws(OpsinError) -> Tensor {
        let size = network.architecture.inputSize
        let count = 3 * size.height * size.width
        let values = (0..<count).map { index in
            // Two triangle waves of coprime periods.
            let a = Float(index % 97) / 48.5 - 1, b = Float(index % 331) / 165.5 - 1
            return 0.7 * a - 0.3 * b
        }
        return try Tensor(name: "pixel_values", dimensions: [1, 3, size.height, size.width], values: values)
    }
}

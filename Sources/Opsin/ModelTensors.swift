internal import OpsinCPU
internal import OpsinGraph
internal import OpsinModels

/// A tensor that a model takes or gives, for one image of the model's own size.
public struct TensorDescription: Hashable, Sendable {
    /// The reference's name: `pixel_values`, `logits`.
    public let name: String
    /// `[n, h, w, c]` for images and maps, otherwise as in the reference.
    public let dimensions: [Int]
    /// Whether the tensor has rows, columns and channels, which the reference keeps as NCHW.
    public let isImage: Bool

    init(_ port: Graph.Port) {
        let shape = port.value.shape
        name = port.name
        isImage = port.layout == .nchw || port.layout == .nhwc
        dimensions = isImage ? [shape.n, shape.h, shape.w, shape.c] : port.layout.dimensions(of: shape)
    }
}

extension Model {
    /// The architecture's name, without tag: `mobilenetv4_conv_small`.
    public var architecture: String { network.architecture.name }

    /// What the model takes and gives, and the names of the values that can be asked for besides.
    public func tensors() throws(OpsinError) -> (inputs: [TensorDescription], outputs: [TensorDescription], features: [String]) {
        let graph = try graphOfOwnSize(optimized: false)
        return (graph.inputs.map(TensorDescription.init), graph.outputs.map(TensorDescription.init), graph.endpoints.map(\.name))
    }
}

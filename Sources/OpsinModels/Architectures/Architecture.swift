package import OpsinGraph

/// What a model answers.
package enum ModelTask: String, Hashable, Sendable {
    case classify
    case detect
    case segment
    case depth
    /// No answer of its own: maps for another network.
    case features
}

/// Rows and columns of an input.
package struct InputSize: Hashable, Sendable {
    package let height: Int
    package let width: Int

    package init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
}

/// What a session asks of a network beside the size of its input.
package struct NetworkOptions: Hashable, Sendable {
    /// Which head of a depth network with several answers, one of its `depthScales`: the coarser, the fewer layers run.
    package var depthScale = 1

    package init(depthScale: Int = 1) { self.depthScale = depthScale }
}

/// What the numbers of a depth network mean, under the names that results give them.
package enum DepthKind: String, Hashable, Sendable {
    /// Larger is nearer; scale and shift are unknown.
    case relativeInverse = "relative_inverse"
    /// Larger is farther; the scale is unknown.
    case relative
    /// Metres from the camera.
    case metric
}

/// A family member without its weights: what the configuration says, and how layers follow each other.
package protocol Architecture: Sendable {
    /// The reference's name, without tag: `mobilenetv4_conv_small`.
    var name: String { get }
    var task: ModelTask { get }
    /// The input that the configuration asks for; others are possible.
    var inputSize: InputSize { get }
    /// Classes of the output, a background class included.
    var classCount: Int { get }
    /// The scales that `NetworkOptions.depthScale` may take, the finest first.
    var depthScales: [Int] { get }
    /// What the numbers mean, when the task is depth.
    var depthKind: DepthKind { get }

    /// The score that an object needs unless the caller says otherwise; nil where the reference says nothing.
    var objectThreshold: Float? { get }

    /// Adds all layers that `network.options` ask for, from the input `x` (`[n, h, w, 3]`, normalised) to the outputs. With the default options every weight
    /// of the model is asked for.
    func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError)
}

extension Architecture {
    package var depthScales: [Int] { [1] }
    package var depthKind: DepthKind { .relativeInverse }
    package var objectThreshold: Float? { nil }
}

/// An architecture with weights that fit it: makes graphs for any input size.
package struct Network: Sendable {
    /// Largest rows or columns of an input.
    package static let maximumSide = 8192
    /// Largest number of images of an input.
    package static let maximumBatch = 1024

    package let architecture: any Architecture
    package let weights: WeightSource
    /// Weights, biases and normalisation parameters, as `sum(p.numel() for p in model.parameters())` counts them.
    package let parameterCount: Int
    /// Names of the tensors that may be stored as whole numbers with scales.
    package let quantizable: Set<String>
    /// The graph for one image of the architecture's own size.
    private let defaultGraph: Graph

    /// Throws one error that names the first tensor of `weights` that does not fit, what was expected and found, and how many more there are.
    package init(_ architecture: any Architecture, weights: WeightSource) throws(ModelError) {
        let size = architecture.inputSize
        let builder = try Self.built(architecture, weights, batch: 1, height: size.height, width: size.width)
        try builder.weights.finish()
        (self.architecture, self.weights) = (architecture, weights)
        (parameterCount, quantizable, defaultGraph) = (builder.weights.parameterCount, builder.weights.quantizable, builder.graph)
    }

    /// The layers for `batch` images of `height` x `width`: input `pixel_values`, outputs and endpoints under the reference's names.
    package func graph(batch: Int, height: Int, width: Int, options: NetworkOptions = NetworkOptions()) throws(ModelError) -> Graph {
        if options == NetworkOptions(), let shape = defaultGraph.inputs.first?.value.shape, (shape.n, shape.h, shape.w) == (batch, height, width) {
            return defaultGraph
        }
        return try Self.built(architecture, weights, batch: batch, height: height, width: width, options: options).graph
    }

    /// Throws when the network cannot do what `options` ask.
    package func check(_ options: NetworkOptions) throws(ModelError) {
        let scales = architecture.depthScales
        guard scales.contains(options.depthScale) else {
            throw ModelError(
                .input, "\(architecture.name): depth scale \(options.depthScale), expected \(scales.map(String.init).joined(separator: ", "))")
        }
    }

    private static func built(
        _ architecture: any Architecture, _ weights: WeightSource, batch: Int, height: Int, width: Int, options: NetworkOptions = NetworkOptions()
    ) throws(ModelError) -> NetworkBuilder {
        guard (1...maximumSide).contains(height), (1...maximumSide).contains(width) else {
            throw ModelError(.input, "\(architecture.name): an input of \(height)x\(width), expected sides of 1 to \(maximumSide)")
        }
        guard (1...maximumBatch).contains(batch) else {
            throw ModelError(.input, "\(architecture.name): a batch of \(batch), expected 1 to \(maximumBatch)")
        }
        var network = NetworkBuilder(weights, options: options)
        let shape = try graphResult(.input) { () throws(GraphError) in try Shape(n: batch, h: height, w: width, c: 3) }
        let x = network.graph.input("pixel_values", shape: shape)
        try architecture.build(&network, x)
        return network
    }
}

/// What `body` gives, its error as a `ModelError` of that code.
func graphResult<Result>(_ code: ModelError.Code, _ body: () throws(GraphError) -> Result) throws(ModelError) -> Result {
    do {
        return try body()
    } catch {
        throw ModelError(error.code == .weights ? .weights : code, error.description)
    }
}

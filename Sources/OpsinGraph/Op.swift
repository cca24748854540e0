/// What every op knows about itself: how many inputs it takes, the shape of its output, and what it costs. No backend, no pointer.
package protocol OpRule: Sendable {
    /// How many activations it takes.
    var inputCount: ClosedRange<Int> { get }

    /// The shape of the output, or why these inputs do not fit. `inputs` has `inputCount` elements.
    func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape

    /// What it does and moves for these inputs.
    func cost(of inputs: [Shape], output: Shape) -> Cost
}

extension OpRule {
    package var inputCount: ClosedRange<Int> { 1...1 }
}

/// The set of operators, the only central list. A backend lowers it by one exhaustive switch, one line a case.
package enum Op: Sendable {
    case activation(Activation)
    case add(Add)
    case attention(Attention)
    case averagePool2D(AveragePool2D)
    case batchNorm(BatchNorm)
    case boxRefinement(BoxRefinement)
    case concat(Concat)
    case conv2D(Conv2D)
    case depthToSpace(DepthToSpace)
    case depthwiseConv2D(DepthwiseConv2D)
    case depthwisePointwise(DepthwisePointwise)
    case dequantize(Dequantize)
    case distributionStatistics(DistributionStatistics)
    case distributionToBox(DistributionToBox)
    case globalAveragePool(GlobalAveragePool)
    case groupNorm(GroupNorm)
    case layerNorm(LayerNorm)
    case layerScale(LayerScale)
    case linear(Linear)
    case matMul(MatMul)
    case maxPool2D(MaxPool2D)
    case multiScaleDeformableAttention(MultiScaleDeformableAttention)
    case multiply(Multiply)
    case pad(Pad)
    case quantize(Quantize)
    case reshape(Reshape)
    case resize(Resize)
    case rmsNorm(RMSNorm)
    case sineEmbedding(SineEmbedding)
    case slice(Slice)
    case softmax(Softmax)
    case squeezeExcitation(SqueezeExcitation)
    case topKGather(TopKGather)
    case windowedAttention(WindowedAttention)

    /// The op's attributes behind the one interface.
    package var rule: any OpRule {
        switch self {
        case .activation(let op): op
        case .add(let op): op
        case .attention(let op): op
        case .averagePool2D(let op): op
        case .batchNorm(let op): op
        case .boxRefinement(let op): op
        case .concat(let op): op
        case .conv2D(let op): op
        case .depthToSpace(let op): op
        case .depthwiseConv2D(let op): op
        case .depthwisePointwise(let op): op
        case .dequantize(let op): op
        case .distributionStatistics(let op): op
        case .distributionToBox(let op): op
        case .globalAveragePool(let op): op
        case .groupNorm(let op): op
        case .layerNorm(let op): op
        case .layerScale(let op): op
        case .linear(let op): op
        case .matMul(let op): op
        case .maxPool2D(let op): op
        case .multiScaleDeformableAttention(let op): op
        case .multiply(let op): op
        case .pad(let op): op
        case .quantize(let op): op
        case .reshape(let op): op
        case .resize(let op): op
        case .rmsNorm(let op): op
        case .sineEmbedding(let op): op
        case .slice(let op): op
        case .softmax(let op): op
        case .squeezeExcitation(let op): op
        case .topKGather(let op): op
        case .windowedAttention(let op): op
        }
    }

    /// The op's name as tables and reports print it: the name of its type.
    package var name: String { "\(type(of: rule))" }
}

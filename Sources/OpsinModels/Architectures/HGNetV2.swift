package import OpsinGraph

/// The backbone HGNetV2 (PaddleDetection; transformers' `HGNetV2Backbone`): a stem with a pooled branch, then stages of blocks that aggregate all their layers.
package struct HGNetV2: Sendable {
    /// One stage; all its layers have a stride of 1 but the depthwise convolution that may come first.
    package struct Stage: Hashable, Sendable {
        package var inputs: Int
        package var middle: Int
        package var outputs: Int
        package var blocks: Int
        package var layers: Int
        package var kernel: Int
        /// Of the depthwise convolution in front; nil: there is none.
        package var downsampling: Int?
        /// Layers are a 1x1 and a depthwise convolution instead of a full one.
        package var isLight: Bool
    }

    /// Channels of the stem's first and last layers.
    package var stemChannels: (middle: Int, outputs: Int)
    /// Strides of the stem's five convolutions: stem1, stem2a, stem2b, stem3, stem4.
    package var stemStrides: [Int]
    package var stages: [Stage]
    /// Which stages' maps go on, counted from 0.
    package var outputStages: [Int]
    /// Each activation is followed by one learnt factor and one learnt summand.
    package var hasAffineBlocks: Bool
    package var stemActivation: ActivationFunction
    /// Whether normalisation weights are constants of the reference's model, not parameters.
    package var hasFrozenNorms: Bool

    private static let epsilon = 1e-5

    /// Adds the backbone's layers under `path`; returns the maps of `outputStages`.
    func build(_ network: inout NetworkBuilder, _ path: String, _ image: Value) throws(ModelError) -> [Value] {
        var x = try stem(&network, path + "embedder.", image)
        network.graph.endpoint(path + "embedder", x)
        var maps: [Value] = []
        for (index, stage) in stages.enumerated() {
            let name = "\(path)encoder.stages.\(index)"
            x = try build(&network, stage, name, x)
            network.graph.endpoint(name, x)
            if outputStages.contains(index) { maps.append(x) }
        }
        return maps
    }

    private func stem(_ network: inout NetworkBuilder, _ path: String, _ image: Value) throws(ModelError) -> Value {
        let (middle, outputs) = stemChannels
        func layer(_ network: inout NetworkBuilder, _ name: String, _ x: Value, _ outputs: Int, _ kernel: Int, _ stride: Int) throws(ModelError) -> Value {
            try convolution(&network, path + name, x, outputs: outputs, kernel: kernel, stride: stride, activation: stemActivation)
        }
        // Zeros to the right and below, so that 2x2 windows keep the size; they take part in the maximum.
        let border = try graphResult(.config) { () throws(GraphError) in try Pad(padding: Padding(bottom: 1, right: 1)) }
        var x = try layer(&network, "stem1", image, middle, 3, stemStrides[0])
        x = try network.append(.pad(border), [x], path + "pad")
        var y = try layer(&network, "stem2a", x, middle / 2, 2, stemStrides[1])
        y = try network.append(.pad(border), [y], path + "stem2a.pad")
        y = try layer(&network, "stem2b", y, middle, 2, stemStrides[2])
        let pooled = try network.maxPool(path + "pool", x, kernel: 2, stride: 1, padding: 0)
        x = try network.concat(path + "concat", [pooled, y])
        x = try layer(&network, "stem3", x, middle, 3, stemStrides[3])
        return try layer(&network, "stem4", x, outputs, 1, stemStrides[4])
    }

    private func build(_ network: inout NetworkBuilder, _ stage: Stage, _ path: String, _ input: Value) throws(ModelError) -> Value {
        var x = input
        if let stride = stage.downsampling {
            x = try convolution(
                &network, path + ".downsample", x, outputs: stage.inputs, kernel: 3, stride: stride, isDepthwise: true, activation: .identity)
        }
        for index in 0..<stage.blocks {
            let y = try block(&network, stage, "\(path).blocks.\(index)", x)
            x = index == 0 ? y : try network.add("\(path).blocks.\(index).add", y, x)
        }
        return x
    }

    /// Layers one after another; a 1x1 convolution squeezes the block's input and all their outputs together, another one widens.
    private func block(_ network: inout NetworkBuilder, _ stage: Stage, _ path: String, _ input: Value) throws(ModelError) -> Value {
        var x = input
        var parts = [input]
        for index in 0..<stage.layers {
            let name = "\(path).layers.\(index)"
            if stage.isLight {
                x = try convolution(&network, name + ".conv1", x, outputs: stage.middle, kernel: 1, activation: .identity)
                x = try convolution(&network, name + ".conv2", x, outputs: stage.middle, kernel: stage.kernel, isDepthwise: true)
            } else {
                x = try convolution(&network, name, x, outputs: stage.middle, kernel: stage.kernel)
            }
            parts.append(x)
        }
        x = try network.concat(path + ".concat", parts)
        x = try convolution(&network, path + ".aggregation.0", x, outputs: stage.outputs / 2, kernel: 1)
        return try convolution(&network, path + ".aggregation.1", x, outputs: stage.outputs, kernel: 1)
    }

    /// Convolution, normalisation, activation, affine block; without an activation there is no affine block.
    private func convolution(
        _ network: inout NetworkBuilder, _ name: String, _ x: Value, outputs: Int, kernel: Int, stride: Int = 1, isDepthwise: Bool = false,
        activation: ActivationFunction = .relu
    ) throws(ModelError) -> Value {
        let padding = Padding.symmetric(kernel: kernel), layer = name + ".convolution"
        var y =
            isDepthwise
            ? try network.depthwise(layer, x, kernel: kernel, stride: stride, padding: padding)
            : try network.conv(layer, x, outputs: outputs, kernel: kernel, stride: stride, padding: padding)
        y = try network.batchNorm(name + ".normalization", y, epsilon: Self.epsilon, isFrozen: hasFrozenNorms)
        guard activation != .identity else { return y }
        y = try network.activation(name + ".activation", y, activation)
        return hasAffineBlocks ? try affineBlock(&network, name + ".lab", y) : y
    }

    /// `scale * x + bias` with one number each for all channels: a norm in the graph, so that passes fold it (FoldBatchNorm.throughReLU).
    private func affineBlock(_ network: inout NetworkBuilder, _ name: String, _ x: Value) throws(ModelError) -> Value {
        func repeated(_ value: Float?) -> [Float] { [Float](repeating: value ?? 0, count: x.shape.c) }
        let (scale, bias) = (try network.weights.vector(name + ".scale", 1), try network.weights.vector(name + ".bias", 1))
        let op = try graphResult(.weights) { () throws(GraphError) in
            try BatchNorm(weight: repeated(scale.first), bias: repeated(bias.first), mean: repeated(0), variance: repeated(1), epsilon: 0)
        }
        return try network.append(.batchNorm(op), [x], name)
    }
}

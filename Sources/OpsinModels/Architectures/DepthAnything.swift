package import OpsinGraph

/// Depth Anything (arXiv 2401.10891) and its second version (arXiv 2406.09414): transformers' `DepthAnythingForDepthEstimation`, a DINOv2 backbone whose
/// features of four depths a DPT neck (arXiv 2103.13413) brings together. One number a pixel.
package struct DepthAnything: Architecture {
    /// The values of transformers' `DepthAnythingConfig` that shape the layers, with its defaults.
    package struct Options: Hashable, Sendable {
        package var backbone = DINOv2.Options()
        /// Channels of the maps that are made of the backbone's features.
        package var neckChannels = [48, 96, 192, 384]
        /// Rows of such a map over rows of patches: a whole number, 1, or 1 over a whole number.
        package var neckFactors = [4.0, 2, 1, 0.5]
        package var fusionChannels = 64
        package var headChannels = 32
        /// Which of the fused maps the head takes.
        package var headIndex = 3
        /// True: metres of at most `maximumDepth`. False: relative inverse depth, larger is nearer.
        package var isMetric = false
        package var maximumDepth: Float = 1

        package init() {}
    }

    package let name: String
    package let task = ModelTask.depth
    package let inputSize: InputSize
    package let classCount = 0
    package var depthKind: DepthKind { options.isMetric ? .metric : .relativeInverse }
    package let options: Options

    package init(options: Options) {
        self.options = options
        // Both versions have these backbones; which layers their features come from tells them apart.
        let size = [384: "_small", 768: "_base", 1024: "_large"][options.backbone.hiddenSize] ?? ""
        name = "depth_anything" + size + (options.isMetric ? "_metric" : "")
        inputSize = InputSize(height: options.backbone.imageSide, width: options.backbone.imageSide)
    }

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        let patch = options.backbone.patchSide
        guard x.shape.h % patch == 0, x.shape.w % patch == 0 else {
            throw ModelError(.input, "\(name): an input of \(x.shape.h)x\(x.shape.w), expected sides that are multiples of \(patch)")
        }
        let features = try DINOv2(options: options.backbone, prefix: "backbone").features(&network, x)
        var maps: [Value] = []
        for (index, feature) in features.enumerated() {
            let map = try reassemble(&network, index, feature)
            maps.append(
                try network.conv("neck.convs.\(index)", map, outputs: options.fusionChannels, kernel: 3, padding: .symmetric(kernel: 3)))
        }
        let fused = try fusionStage(&network, maps)
        guard fused.indices.contains(options.headIndex) else {
            throw ModelError(.config, "\(name): the head takes map \(options.headIndex) of \(fused.count)")
        }
        network.graph.output("predicted_depth", try head(&network, fused[options.headIndex], height: x.shape.h, width: x.shape.w), layout: .nhw)
    }

    /// A feature with its own number of channels and at its own scale.
    private func reassemble(_ network: inout NetworkBuilder, _ index: Int, _ feature: Value) throws(ModelError) -> Value {
        let path = "neck.reassemble_stage.layers.\(index)", channels = options.neckChannels[index], factor = options.neckFactors[index]
        let x = try network.conv("\(path).projection", feature, outputs: channels, bias: true)
        if factor > 1 { return try network.unfold("\(path).resize", x, outputs: channels, block: Int(factor)) }
        if factor == 1 { return x }
        return try network.conv(
            "\(path).resize", x, outputs: channels, kernel: 3, stride: Int(1 / factor), padding: .symmetric(kernel: 3), bias: true)
    }

    /// From the coarsest map to the finest: what has been fused so far, brought to the next map's size, plus that map.
    private func fusionStage(_ network: inout NetworkBuilder, _ maps: [Value]) throws(ModelError) -> [Value] {
        var fused: [Value] = []
        for (index, map) in maps.reversed().enumerated() {
            let path = "neck.fusion_stage.layers.\(index)"
            var x = map
            if let last = fused.last {
                x = try network.add("\(path).add", residual(&network, "\(path).residual_layer1", map), last)
            } else {
                // The coarsest map has nothing to be added to; the reference has the layers all the same.
                for convolution in ["convolution1", "convolution2"] {
                    let c = options.fusionChannels
                    try network.weights.unread("\(path).residual_layer1.\(convolution).weight", [c, c, 3, 3])
                    try network.weights.unread("\(path).residual_layer1.\(convolution).bias", [c])
                }
            }
            x = try residual(&network, "\(path).residual_layer2", x)
            // The reference interpolates first. Weights of an interpolation add up to 1, so a layer of single pixels may go before it, over fewer of them.
            x = try network.conv("\(path).projection", x, outputs: options.fusionChannels, bias: true)
            let next = maps.count - 2 - index
            let (height, width) = next >= 0 ? (maps[next].shape.h, maps[next].shape.w) : (2 * x.shape.h, 2 * x.shape.w)
            fused.append(try network.resize("\(path).interpolate", x, height: height, width: width, method: .bilinear, coordinates: .alignCorners))
        }
        return fused
    }

    /// Two convolutions, each of what came in after a ReLU, plus what came in.
    private func residual(_ network: inout NetworkBuilder, _ path: String, _ x: Value) throws(ModelError) -> Value {
        let channels = options.fusionChannels, padding = Padding.symmetric(kernel: 3)
        var y = try network.activation("\(path).activation1", x, .relu)
        y = try network.conv("\(path).convolution1", y, outputs: channels, kernel: 3, padding: padding, bias: true)
        y = try network.activation("\(path).activation2", y, .relu)
        y = try network.conv("\(path).convolution2", y, outputs: channels, kernel: 3, padding: padding, bias: true)
        return try network.add("\(path).add", y, x)
    }

    /// Three convolutions, the last two at the input's size.
    private func head(_ network: inout NetworkBuilder, _ x: Value, height: Int, width: Int) throws(ModelError) -> Value {
        let padding = Padding.symmetric(kernel: 3)
        var y = try network.conv("head.conv1", x, outputs: options.fusionChannels / 2, kernel: 3, padding: padding, bias: true)
        y = try network.resize("head.interpolate", y, height: height, width: width, method: .bilinear, coordinates: .alignCorners)
        y = try network.conv("head.conv2", y, outputs: options.headChannels, kernel: 3, padding: padding, bias: true)
        y = try network.activation("head.activation1", y, .relu)
        y = try network.conv("head.conv3", y, outputs: 1, bias: true)
        y = try network.activation("head.activation2", y, options.isMetric ? .sigmoid : .relu)
        guard options.maximumDepth != 1 else { return y }
        return try network.append(.layerScale(LayerScale(gamma: [options.maximumDepth])), [y], "head.max_depth")
    }
}

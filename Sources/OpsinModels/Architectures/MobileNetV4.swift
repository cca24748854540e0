package import OpsinGraph

/// MobileNetV4 (arXiv 2404.10518) as timm has it: symmetric padding, batch normalisation with epsilon 1e-5, names of timm's state dict.
package struct MobileNetV4: Architecture {
    /// A member of the family: widths, blocks and activation, without a channel multiplier.
    struct Variant: Sendable {
        let stem: Int
        let stages: [[Block]]
        let activation: ActivationFunction
        let hasLayerScale: Bool
        let inputSide: Int
    }

    /// One block of a stage; `stride` 2 halves rows and columns.
    enum Block: Hashable, Sendable {
        /// Convolution, normalisation, activation.
        case conv(kernel: Int, stride: Int, channels: Int)
        /// A 3x3 expansion and a 1x1 projection: a fused inverted bottleneck.
        case fused(stride: Int, expansion: Int, channels: Int)
        /// The universal inverted bottleneck: depthwise `start`, expansion, depthwise `middle`, projection. A kernel of 0 means that there is no such layer.
        case inverted(start: Int, middle: Int, stride: Int, expansion: Int, channels: Int)
        /// Multi-query attention; with `keyValueStride` 2, keys and values see a map of half the rows and columns.
        case attention(heads: Int, headSize: Int, keyValueStride: Int)
    }

    package let name: String
    package let task = ModelTask.classify
    package let inputSize: InputSize
    package let classCount: Int
    private let variant: Variant
    private let multiplier: Double
    private let epsilon = 1e-5

    /// The member that timm calls `name` (without tag), for so many classes; nil when there is none of that name.
    package init?(name: String, classCount: Int, inputSize: InputSize? = nil) {
        guard let (variant, multiplier) = Self.variant(name) else { return nil }
        (self.name, self.classCount, self.variant, self.multiplier) = (name, classCount, variant, multiplier)
        self.inputSize = inputSize ?? InputSize(height: variant.inputSide, width: variant.inputSide)
    }

    /// The layers before the classifier. Answers the last map of each size, as timm's features_only does; they are `stage1` to `stage5` too.
    func maps(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> [Value] {
        // timm's fix_stem: the stem keeps its width in the narrow variants.
        let stem = multiplier < 1 ? variant.stem : channels(variant.stem)
        var x = try network.conv("conv_stem", x, outputs: stem, kernel: 3, stride: 2, padding: .symmetric(kernel: 3))
        x = network.endpoint("conv_stem", x)
        x = network.endpoint("stage1", try normActivation(&network, "bn1", x))
        var maps = [x]
        for (stage, blocks) in variant.stages.enumerated() {
            for (index, block) in blocks.enumerated() {
                let path = "blocks.\(stage).\(index)"
                x = network.endpoint(path, try build(&network, block, path, x))
            }
            // The last two stages have one size.
            guard stage < 3 || stage == variant.stages.count - 1 else { continue }
            maps.append(network.endpoint("stage\(min(stage + 2, 5))", x))
        }
        return maps
    }

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        var x = try maps(&network, x).last ?? x
        x = try network.globalAveragePool("global_pool", x)
        x = network.endpoint("conv_head", try network.conv("conv_head", x, outputs: 1280))
        x = try normActivation(&network, "norm_head", x)
        x = try network.linear("classifier", x, outputs: classCount)
        network.graph.output("logits", x, layout: .nc)
    }

    private func build(_ network: inout NetworkBuilder, _ block: Block, _ path: String, _ x: Value) throws(ModelError) -> Value {
        switch block {
        case .conv(let kernel, let stride, let width):
            let y = try network.conv(
                "\(path).conv", x, outputs: channels(width), kernel: kernel, stride: stride, padding: .symmetric(kernel: kernel))
            return try normActivation(&network, "\(path).bn1", y)
        case .fused(let stride, let expansion, let width):
            return try fused(&network, path, x, stride: stride, expansion: expansion, outputs: channels(width))
        case .inverted(let start, let middle, let stride, let expansion, let width):
            return try inverted(&network, path, x, start: start, middle: middle, stride: stride, expansion: expansion, outputs: channels(width))
        case .attention(let heads, let headSize, let keyValueStride):
            return try attention(&network, path, x, heads: heads, headSize: headSize, keyValueStride: keyValueStride)
        }
    }

    /// timm's EdgeResidual.
    private func fused(
        _ network: inout NetworkBuilder, _ path: String, _ x: Value, stride: Int, expansion: Int, outputs: Int
    ) throws(ModelError) -> Value {
        var y = try network.conv(
            "\(path).conv_exp", x, outputs: makeDivisible(Double(x.shape.c * expansion)), kernel: 3, stride: stride, padding: .symmetric(kernel: 3))
        y = try normActivation(&network, "\(path).bn1", y)
        y = try network.conv("\(path).conv_pwl", y, outputs: outputs)
        y = try network.batchNorm("\(path).bn2", y, epsilon: epsilon)
        return stride == 1 && x.shape.c == outputs ? try network.add("\(path).add", y, x) : y
    }

    /// timm's UniversalInvertedResidual. The middle depthwise layer strides; the first one only when there is no other.
    private func inverted(
        _ network: inout NetworkBuilder, _ path: String, _ x: Value, start: Int, middle: Int, stride: Int, expansion: Int, outputs: Int
    ) throws(ModelError) -> Value {
        var y = x
        if start > 0 {
            y = try network.depthwise("\(path).dw_start.conv", y, kernel: start, stride: middle > 0 ? 1 : stride, padding: .symmetric(kernel: start))
            y = try network.batchNorm("\(path).dw_start.bn", y, epsilon: epsilon)
        }
        y = try network.conv("\(path).pw_exp.conv", y, outputs: makeDivisible(Double(x.shape.c * expansion)))
        y = try normActivation(&network, "\(path).pw_exp.bn", y)
        if middle > 0 {
            y = try network.depthwise("\(path).dw_mid.conv", y, kernel: middle, stride: stride, padding: .symmetric(kernel: middle))
            y = try normActivation(&network, "\(path).dw_mid.bn", y)
        }
        y = try network.conv("\(path).pw_proj.conv", y, outputs: outputs)
        y = try network.batchNorm("\(path).pw_proj.bn", y, epsilon: epsilon)
        if variant.hasLayerScale { y = try network.layerScale("\(path).layer_scale", y) }
        return stride == 1 && x.shape.c == outputs ? try network.add("\(path).add", y, x) : y
    }

    /// timm's MobileAttention around MultiQueryAttention2d: all heads share one key and one value head.
    private func attention(
        _ network: inout NetworkBuilder, _ path: String, _ x: Value, heads: Int, headSize: Int, keyValueStride: Int
    ) throws(ModelError) -> Value {
        let normed = try network.batchNorm("\(path).norm", x, epsilon: epsilon)
        func projected(_ network: inout NetworkBuilder, _ path: String) throws(ModelError) -> Value {
            var y = normed
            if keyValueStride > 1 {
                y = try network.depthwise("\(path).down_conv", y, kernel: 3, stride: keyValueStride, padding: .symmetric(kernel: 3))
                y = try network.batchNorm("\(path).norm", y, epsilon: epsilon)
            }
            return try network.conv("\(path).proj", y, outputs: headSize)
        }
        let queries = try network.conv("\(path).attn.query.proj", normed, outputs: heads * headSize)
        let keys = try projected(&network, "\(path).attn.key")
        let values = try projected(&network, "\(path).attn.value")
        var y = try network.attention(
            "\(path).attn", queries: queries, keys: keys, values: values, heads: heads, keyValueHeads: 1, scale: 1 / Float(headSize).squareRoot())
        y = try network.conv("\(path).attn.output.proj", y, outputs: x.shape.c)
        if variant.hasLayerScale { y = try network.layerScale("\(path).layer_scale", y) }
        return try network.add("\(path).add", y, x)
    }

    /// timm's BatchNormAct2d.
    private func normActivation(_ network: inout NetworkBuilder, _ name: String, _ x: Value) throws(ModelError) -> Value {
        try network.activation("\(name).act", network.batchNorm(name, x, epsilon: epsilon), variant.activation)
    }

    /// timm's round_channels.
    private func channels(_ width: Int) -> Int { makeDivisible(Double(width) * multiplier) }
}

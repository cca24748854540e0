package import OpsinGraph

/// MOAT (arXiv 2210.01820) as deeplab2 has it: TensorFlow's padding, names and layouts; inverted bottlenecks, in the late stages followed by attention.
///
/// Without classes it is a feature model: its outputs are the maps stage1 (the stem) to stage5.
package struct MOAT: Architecture {
    /// Rows and columns of an attention window.
    package typealias Window = InputSize

    /// What a configuration says beside the member's name.
    package struct Options: Hashable, Sendable {
        /// Side of the average pool in the shortcuts that stride: 2 for classification, 3 for dense tasks.
        package var poolSize = 2
        /// deeplab2's `use_pos_embedding`.
        package var hasPositionEmbedding = true
        /// One a stage; nil is the whole map. Stages 0 and 1 have no attention.
        package var windows: [Window?] = [nil, nil, nil, nil]
        /// deeplab2's `global_attention_at_end_of_moat_stage`: the last block of a stage attends to the whole map whatever the window.
        package var lastBlockIsGlobal = false

        package init() {}
    }

    package let name: String
    package let inputSize: InputSize
    package let classCount: Int
    package let options: Options
    let variant: Variant
    package var task: ModelTask { classCount == 0 ? .features : .classify }

    static let expansion = 4, headSize = 32
    static let batchNormEpsilon = 1e-3
    static let layerNormEpsilon: Float = 1e-5

    /// The member of that name (`tiny-moat-0`, `moat-4`); nil for another name. `classCount` 0 is a feature model.
    package init?(name: String, classCount: Int, inputSize: InputSize? = nil, options: Options = Options()) {
        guard let variant = Self.variants[name] else { return nil }
        self.init(name: name, variant: variant, classCount: classCount, inputSize: inputSize, options: options)
    }

    /// A network of those widths and depths, whether it is a published member or not.
    init(name: String, variant: Variant, classCount: Int, inputSize: InputSize? = nil, options: Options = Options()) {
        (self.name, self.variant, self.classCount, self.options) = (name, variant, classCount, options)
        self.inputSize = inputSize ?? InputSize(height: variant.inputSide, width: variant.inputSide)
    }

    /// The layers before the classifier; answers the maps of the stem and of the four stages.
    private func stages(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> [Stage] {
        var x = try network.convSame("moat/stem/conv_0", x, outputs: variant.stem, kernel: 3, stride: 2)
        x = try network.activation("moat/stem/act_0", network.batchNormTF("moat/stem/norm_0", x, epsilon: Self.batchNormEpsilon), .gelu)
        x = try network.convSame("moat/stem/conv_1", x, outputs: variant.stem, kernel: 3)
        var stages = [try endpoint(&network, stage: 1, x)]
        for (stage, (blocks, width)) in zip(variant.blocks, variant.widths).enumerated() {
            for index in 0..<blocks {
                let path = "moat/block_" + twoDigits(stage) + "_" + twoDigits(index)
                let hasAttention = stage >= 2
                x = try bottleneck(&network, path, x, outputs: width, stride: index == 0 ? 2 : 1, hasGate: !hasAttention)
                guard hasAttention else { continue }
                let isGlobal = options.lastBlockIsGlobal && index == blocks - 1
                x = try attention(&network, path, x, stage: stage, window: isGlobal ? nil : options.windows[stage])
            }
            stages.append(try endpoint(&network, stage: stage + 2, x))
        }
        return stages
    }

    /// What deeplab2 hands to decoders: the GELU of each map.
    func maps(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> [Value] { try stages(&network, x).map(\.activated) }

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        let stages = try stages(&network, x)
        guard classCount > 0 else {
            for (index, map) in stages.enumerated() { network.graph.output("stage\(index + 1)", map.plain, layout: .nchw) }
            network.weights.ignore(prefix: "moat/final_layer_norm/")
            network.weights.ignore(prefix: "moat/logits_head/")
            return
        }
        var x = try network.globalAveragePool("moat/global_pool", stages.last?.plain ?? x)
        x = try network.layerNormTF("moat/final_layer_norm", x, epsilon: Self.layerNormEpsilon)
        x = try network.convSame("moat/logits_head", x, outputs: classCount)
        network.graph.output("logits", x, layout: .nc)
    }

    /// `stageN` is the map, `resN` what deeplab2 hands to decoders: its GELU, which costs nothing unless it is asked for.
    private func endpoint(_ network: inout NetworkBuilder, stage: Int, _ x: Value) throws(ModelError) -> Stage {
        let activated = network.endpoint("res\(stage)", try network.activation("moat/res\(stage)", x, .gelu))
        return Stage(plain: network.endpoint("stage\(stage)", x), activated: activated)
    }

    /// The map of a stage, and its GELU.
    private struct Stage {
        let plain: Value
        let activated: Value
    }

    /// The inverted bottleneck: norm, expansion, depthwise layer (which strides), squeeze and excitation if `hasGate`, projection; plus the shortcut.
    private func bottleneck(
        _ network: inout NetworkBuilder, _ path: String, _ x: Value, outputs: Int, stride: Int, hasGate: Bool
    ) throws(ModelError) -> Value {
        var shortcut = x
        if stride > 1 { shortcut = try network.averagePoolSame("\(path)/shortcut_pool", shortcut, kernel: options.poolSize, stride: stride) }
        if x.shape.c != outputs { shortcut = try network.convSame("\(path)/shortcut_conv", shortcut, outputs: outputs) }

        let epsilon = Self.batchNormEpsilon, inner = outputs * Self.expansion
        var y = try network.batchNormTF("\(path)/pre_norm", x, epsilon: epsilon)
        y = try network.convSame("\(path)/expand_conv", y, outputs: inner, bias: false)
        y = try network.activation("\(path)/expand_act", network.batchNormTF("\(path)/expand_norm", y, epsilon: epsilon), .gelu)
        y = try network.depthwiseSame("\(path)/depthwise_conv", y, kernel: 3, stride: stride)
        y = try network.activation("\(path)/depthwise_act", network.batchNormTF("\(path)/depthwise_norm", y, epsilon: epsilon), .gelu)
        if hasGate { y = try gate(&network, "\(path)/se", y, squeezed: max(1, outputs / 4)) }
        y = try network.convSame("\(path)/shrink_conv", y, outputs: outputs)
        return try network.add("\(path)/add", y, shortcut)
    }

    /// Squeeze and excitation (arXiv 1709.01507) with SiLU in the middle.
    private func gate(_ network: inout NetworkBuilder, _ path: String, _ x: Value, squeezed: Int) throws(ModelError) -> Value {
        var g = try network.globalAveragePool("\(path)/mean", x)
        g = try network.activation("\(path)/reduce_act", network.convSame("\(path)/reduce_conv2d", g, outputs: squeezed), .silu)
        g = try network.activation("\(path)/expand_act", network.convSame("\(path)/expand_conv2d", g, outputs: x.shape.c), .sigmoid)
        return try network.multiply("\(path)/multiply", x, g)
    }

    /// `x` plus attention of its normalised tokens, in windows; no perceptron follows.
    private func attention(_ network: inout NetworkBuilder, _ path: String, _ x: Value, stage: Int, window: Window?) throws(ModelError) -> Value {
        let shape = x.shape, heads = shape.c / Self.headSize, window = window ?? Window(height: shape.h, width: shape.w)
        guard heads > 0 else { throw ModelError(.unsupported, "\(name): \(path) has \(shape.c) channels, fewer than a head of \(Self.headSize)") }
        guard shape.h % window.height == 0, shape.w % window.width == 0 else {
            throw ModelError(
                .input,
                "\(name): stage\(stage + 2) has a map of \(shape.h)x\(shape.w), which windows of \(window.height)x\(window.width) do not tile; expected an "
                    + "input whose sides are multiples of \(window.height << (stage + 2)) and \(window.width << (stage + 2))")
        }
        let normed = try network.layerNormTF("\(path)/attention_norm", x, epsilon: Self.layerNormEpsilon)
        var factors: [Value] = []
        for name in ["q", "k", "v"] { factors.append(try network.headLinear("\(path)/attention/\(name)", normed, heads: heads, headSize: Self.headSize)) }
        var bias: [Float]?
        if options.hasPositionEmbedding {
            let side = 2 * (stage == 2 ? 14 : 7) - 1
            let table = try network.weights.tensor("\(path)/attention/relative_position_embedding", [heads, side, side])
            bias = resizedTable(table.floats(), count: heads, from: (side, side), to: (2 * window.height - 1, 2 * window.width - 1))
        } else {
            network.weights.ignore(prefix: "\(path)/attention/relative_position_embedding")
        }
        let y = try network.windowedAttention(
            "\(path)/attention", factors, heads: heads, window: window, scale: 1 / Float(Self.headSize).squareRoot(), positionBias: bias)
        return try network.add("\(path)/attention_add", network.outputLinear("\(path)/attention/o", y, heads: heads, outputs: shape.c), x)
    }

    private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

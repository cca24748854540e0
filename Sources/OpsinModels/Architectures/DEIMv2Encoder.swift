private import Glibc
internal import OpsinGraph

/// DEIMv2's encoders: they mix the backbone's maps of several sizes. Layers are named as in transformers' `Deimv2LiteEncoder` and `Deimv2HybridEncoder`.
struct DEIMv2Encoder {
    let options: DEIMv2.Options
    private let path = "model.encoder."

    init(options: DEIMv2.Options) { self.options = options }

    /// Two maps out of one: the map itself and a pooled one that has seen its own mean, each with what the other knows. No attention.
    func lite(_ network: inout NetworkBuilder, _ maps: [Value]) throws(ModelError) -> [Value] {
        guard maps.count == 1 else { throw ModelError(.unsupported, "the lite encoder takes 1 map of the backbone, found \(maps.count)") }
        let width = options.encoderWidth
        var fine = try convNorm(&network, path + "input_proj.0", maps[0], outputs: width, activation: .identity)
        network.graph.endpoint(path + "input_proj.0", fine)
        var coarse = try pooled(&network, "down_conv1", fine)
        network.graph.endpoint(path + "down_conv1", coarse)
        let mean = try network.globalAveragePool(path + "bi_fusion_conv.mean", coarse)
        coarse = try network.add(path + "bi_fusion_conv.add", coarse, mean)
        coarse = try convNorm(&network, path + "bi_fusion_conv", coarse, outputs: width)
        network.graph.endpoint(path + "bi_fusion_conv", coarse)
        let doubled = try upsampled(&network, path + "fpn_block.resize", coarse)
        fine = try aggregation(&network, path + "fpn_block", network.add(path + "fpn_block.add", fine, doubled))
        let halved = try pooled(&network, "down_conv2", fine)
        coarse = try aggregation(&network, path + "pan_block", network.add(path + "pan_block.add", coarse, halved))
        return [fine, coarse]
    }

    /// Attention on the coarsest maps, then a pyramid down to the finest and one back up.
    func hybrid(_ network: inout NetworkBuilder, _ inputs: [Value]) throws(ModelError) -> [Value] {
        var maps: [Value] = []
        for (index, map) in inputs.enumerated() {
            maps.append(
                try convNorm(
                    &network, "model.conv_encoder.encoder_input_proj.\(index)", map, outputs: options.encoderWidth, activation: .identity))
        }
        if options.encoderLayers > 0 {
            for (index, map) in options.encodedMaps.enumerated() {
                maps[map] = try attention(&network, "\(path)aifi.\(index)", maps[map])
            }
        }
        var pyramid = [maps[maps.count - 1]]
        for index in 0..<maps.count - 1 {
            let name = "\(path)fpn_blocks.\(index)"
            let top = try convNorm(&network, "\(path)lateral_convs.\(index)", pyramid[index], outputs: options.encoderWidth, activation: .identity)
            pyramid[index] = top
            let sum = try network.add(name + ".add", upsampled(&network, name + ".resize", top), maps[maps.count - 2 - index])
            pyramid.append(try aggregation(&network, name, sum))
        }
        pyramid.reverse()
        var results = [pyramid[0]]
        for index in 0..<maps.count - 1 {
            let down = "\(path)downsample_convs.\(index)", name = "\(path)pan_blocks.\(index)"
            var y = try convNorm(&network, down + ".conv1", results[index], outputs: options.encoderWidth, activation: .identity)
            y = try network.depthwise(down + ".conv2.conv", y, kernel: 3, stride: 2, padding: .symmetric(kernel: 3))
            y = try network.batchNorm(down + ".conv2.norm", y, epsilon: options.batchNormEpsilon)
            results.append(try aggregation(&network, name, network.add(name + ".add", y, pyramid[index + 1])))
        }
        return results
    }

    /// Convolution, normalisation, activation; `nil` is the encoder's activation.
    private func convNorm(
        _ network: inout NetworkBuilder, _ name: String, _ x: Value, outputs: Int, kernel: Int = 1, activation: ActivationFunction? = nil
    ) throws(ModelError) -> Value {
        var y = try network.conv(name + ".conv", x, outputs: outputs, kernel: kernel, padding: .symmetric(kernel: kernel))
        y = try network.batchNorm(name + ".norm", y, epsilon: options.batchNormEpsilon)
        let function = activation ?? options.activation
        return function == .identity ? y : try network.activation(name + ".activation", y, function)
    }

    /// A map of half the rows and columns: the mean of 3x3 pixels, the zeros around the map counted too, and a 1x1 convolution.
    private func pooled(_ network: inout NetworkBuilder, _ name: String, _ x: Value) throws(ModelError) -> Value {
        let window = try graphResult(.config) { () throws(GraphError) in try SlidingWindow(3, stride: 2, padding: .symmetric(kernel: 3)) }
        let y = try network.append(.averagePool2D(AveragePool2D(window: window, countIncludesPadding: true)), [x], "\(path)\(name).pool")
        return try convNorm(&network, path + name, y, outputs: options.encoderWidth)
    }

    private func upsampled(_ network: inout NetworkBuilder, _ name: String, _ x: Value) throws(ModelError) -> Value {
        try network.resize(name, x, height: 2 * x.shape.h, width: 2 * x.shape.w, method: .nearest, coordinates: .asymmetric)
    }

    /// RepNCSPELAN5: two halves, and two stacks of re-parameterised blocks one after the other; a 1x1 convolution joins all four.
    private func aggregation(_ network: inout NetworkBuilder, _ name: String, _ x: Value) throws(ModelError) -> Value {
        let width = options.encoderWidth
        // Python's `expansion * width // 2` floors before `round` sees it.
        let branch = Int((options.hiddenExpansion * Double(width) / 2).rounded(.down))
        let y = try convNorm(&network, name + ".conv1", x, outputs: 2 * width)
        let b = try network.slice(name + ".conv1.second", y, axis: .c, start: width, count: width)
        let c = try crossStage(&network, name + ".csp_rep1", b, outputs: branch)
        let d = try crossStage(&network, name + ".csp_rep2", c, outputs: branch)
        let all = try network.concat(name + ".concat", [y, c, d])
        let result = try convNorm(&network, name + ".conv2", all, outputs: width)
        network.graph.endpoint(name, result)
        return result
    }

    /// A cross stage partial layer whose blocks add a 3x3 and a 1x1 convolution (RepVGG); passes make one convolution of the two.
    private func crossStage(_ network: inout NetworkBuilder, _ name: String, _ x: Value, outputs: Int) throws(ModelError) -> Value {
        let y = try convNorm(&network, name + ".conv1", x, outputs: 2 * outputs)
        let residual = try network.slice(name + ".first", y, axis: .c, start: 0, count: outputs)
        var inner = try network.slice(name + ".second", y, axis: .c, start: outputs, count: outputs)
        for index in 0..<Int((3 * options.depthFactor).rounded(.toNearestOrEven)) {
            let block = "\(name).bottlenecks.\(index)"
            let wide = try convNorm(&network, block + ".conv1", inner, outputs: outputs, kernel: 3, activation: .identity)
            let narrow = try convNorm(&network, block + ".conv2", inner, outputs: outputs, activation: .identity)
            inner = try network.activation(block + ".activation", network.add(block + ".add", wide, narrow), options.activation)
        }
        let sum = try network.add(name + ".add", residual, inner)
        return options.hasTrailingConvolution ? try convNorm(&network, name + ".conv2", sum, outputs: outputs, kernel: 3) : sum
    }

    /// Transformer layers over the pixels of one map.
    private func attention(_ network: inout NetworkBuilder, _ name: String, _ map: Value) throws(ModelError) -> Value {
        let width = options.encoderWidth, heads = options.encoderHeads
        var x = try network.tokens(name + ".flatten", map)
        var position: Value?
        if options.hasEncoderPositions {
            let shape = try graphResult(.input) { () throws(GraphError) in try x.shape.with(n: 1) }
            position = try network.constant(name + ".position_embedding", positions(map.shape), shape: shape)
        }
        for index in 0..<options.encoderLayers {
            let layer = "\(name).layers.\(index)", attention = layer + ".self_attn"
            let input = options.normalizesFirst ? try layerNorm(&network, layer + ".self_attn_layer_norm", x) : x
            let place = try position.map { value throws(ModelError) in try network.add(layer + ".add_positions", input, value) } ?? input
            let q = try network.linear(attention + ".q_proj", place, outputs: width), k = try network.linear(attention + ".k_proj", place, outputs: width)
            let v = try network.linear(attention + ".v_proj", input, outputs: width)
            var y = try network.attention(
                attention, queries: q, keys: k, values: v, heads: heads, keyValueHeads: heads, scale: 1 / Float(width / heads).squareRoot())
            y = try network.linear(attention + ".o_proj", y, outputs: width)
            x = try network.add(layer + ".add_attention", x, y)
            x = try layerNorm(&network, options.normalizesFirst ? layer + ".final_layer_norm" : layer + ".self_attn_layer_norm", x)
            // transformers' residual starts behind the norm, wherever that stands.
            y = try network.linear(layer + ".mlp.layers.0", x, outputs: options.encoderFeedForward)
            y = try network.activation(layer + ".mlp.activation", y, options.encoderActivation)
            y = try network.linear(layer + ".mlp.layers.1", y, outputs: width)
            x = try network.add(layer + ".add_mlp", x, y)
            if !options.normalizesFirst { x = try layerNorm(&network, layer + ".final_layer_norm", x) }
        }
        return try network.reshape(name + ".unflatten", x, to: map.shape)
    }

    private func layerNorm(_ network: inout NetworkBuilder, _ name: String, _ x: Value) throws(ModelError) -> Value {
        try network.layerNorm(name, x, epsilon: options.layerNormEpsilon)
    }

    /// `[sin row, cos row, sin column, cos column]` of each pixel, a quarter of the channels each, frequencies `temperature^(-i / quarter)`.
    private func positions(_ map: Shape) -> [Float] {
        let quarter = options.encoderWidth / 4
        let frequencies = (0..<quarter).map { 1 / pow(options.positionTemperature, Double($0) / Double(quarter)) }
        var values: [Float] = []
        values.reserveCapacity(map.h * map.w * options.encoderWidth)
        for y in 0..<map.h {
            for x in 0..<map.w {
                for place in [y, x] {
                    values += frequencies.map { Float(sin(Double(place) * $0)) }
                    values += frequencies.map { Float(cos(Double(place) * $0)) }
                }
            }
        }
        return values
    }
}

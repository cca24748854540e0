package import OpsinGraph

/// DINOv2's vision transformer (arXiv 2304.07193) as a backbone: transformers' `Dinov2Backbone`, without registers and with the plain perceptron.
package struct DINOv2: Sendable {
    /// The values of transformers' `Dinov2Config` that shape the layers, with its defaults.
    package struct Options: Hashable, Sendable {
        package var hiddenSize = 768
        package var layers = 12
        package var heads = 12
        package var mlpRatio = 4
        /// Side of the images that the position table was trained for.
        package var imageSide = 224
        package var patchSide = 14
        package var hasBiases = true
        package var layerNormEpsilon: Float = 1e-6
        package var activation = ActivationFunction.gelu
        package var normalizesFeatures = true
        package var hasMaskToken = true
        /// After which layers features are taken, in rising order; 0 is the embedding.
        package var featureLayers = [12]

        package init() {}
    }

    package let options: Options
    /// What the weights' names begin with.
    package let prefix: String

    package init(options: Options, prefix: String) { (self.options, self.prefix) = (options, prefix) }

    /// From images `[n, h, w, 3]`, whose sides are multiples of the patch's, to one map `[n, h / patch, w / patch, hiddenSize]` a feature layer.
    package func features(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> [Value] {
        let (n, h, w) = (x.shape.n, x.shape.h / options.patchSide, x.shape.w / options.patchSide)
        let map = try graphResult(.input) { () throws(GraphError) in try Shape(n: n, h: h, w: w, c: options.hiddenSize) }
        var tokens = try embeddings(&network, x, map)
        var hidden = [tokens]
        for index in 0..<options.layers {
            tokens = try layer(&network, "\(prefix).encoder.layer.\(index)", tokens)
            hidden.append(tokens)
        }
        // Read also where no feature takes it: the reference has it, and the file too.
        let norm = try network.layerNorm("\(prefix).layernorm", channels: options.hiddenSize, epsilon: options.layerNormEpsilon)
        var features: [Value] = []
        for index in options.featureLayers where hidden.indices.contains(index) {
            let path = "\(prefix).stage\(index)"
            var feature = try network.slice("\(path).patches", hidden[index], axis: .w, start: 1, count: h * w)
            if options.normalizesFeatures { feature = try network.append(.layerNorm(norm), [feature], "\(path).layernorm") }
            features.append(network.endpoint(path, try network.reshape("\(path).map", feature, to: map)))
        }
        return features
    }

    /// The class token and the patches as `[n, 1, 1 + patches, c]`, with their positions added.
    private func embeddings(_ network: inout NetworkBuilder, _ x: Value, _ map: Shape) throws(ModelError) -> Value {
        let path = "\(prefix).embeddings", side = options.imageSide / options.patchSide, c = options.hiddenSize
        let classToken = try network.weights.values("\(path).cls_token", [1, 1, c])
        if options.hasMaskToken { try network.weights.unread("\(path).mask_token", [1, c]) }
        let table = try network.weights.values("\(path).position_embeddings", [1, 1 + side * side, c])

        var patches = try network.conv(
            "\(path).patch_embeddings.projection", x, outputs: c, kernel: options.patchSide, stride: options.patchSide, bias: true)
        let positions = try network.constant(
            "\(path).position_embeddings", resized(Array(table[c...]), side: side, to: map), shape: graphShape(n: 1, h: map.h, w: map.w))
        patches = try network.add("\(path).patch_positions", patches, positions)
        let first = zip(classToken, table).map { $0 + $1 }
        let token = try network.constant(
            "\(path).cls_token", (0..<map.n).flatMap { _ in first }, shape: graphShape(n: map.n, h: 1, w: 1))
        let row = try network.reshape("\(path).patches", patches, to: graphShape(n: map.n, h: 1, w: map.h * map.w))
        return try network.concat("\(path).tokens", [token, row], axis: .w)
    }

    /// The table of a square of patches, resized bicubic to the map's rows and columns as transformers' `interpolate_pos_encoding` does; summed in double.
    private func resized(_ table: [Float], side: Int, to map: Shape) throws(ModelError) -> [Float] {
        let (h, w, c) = (map.h, map.w, map.c)
        if h == side, w == side { return table }
        let resize = try graphResult(.input) { () throws(GraphError) in try Resize(height: h, width: w, method: .bicubic, coordinates: .halfPixel) }
        guard let rows = ResizeTaps(resize, from: side, to: h), let columns = ResizeTaps(resize, from: side, to: w), table.count == side * side * c else {
            throw ModelError(.input, "the position table of \(side)x\(side) cannot be resized to \(h)x\(w)")
        }
        var result = [Float](repeating: 0, count: h * w * c), line = [Double](repeating: 0, count: side * c)
        for i in 0..<h {
            for k in line.indices { line[k] = 0 }
            for tap in i * 4..<i * 4 + 4 {
                let weight = Double(rows.weights[tap]), from = Int(rows.indices[tap]) * side * c
                for k in line.indices { line[k] += weight * Double(table[from + k]) }
            }
            for j in 0..<w {
                let taps = (j * 4..<j * 4 + 4).map { (weight: Double(columns.weights[$0]), from: Int(columns.indices[$0]) * c) }
                for k in 0..<c { result[(i * w + j) * c + k] = Float(taps.reduce(0) { $0 + $1.weight * line[$1.from + k] }) }
            }
        }
        return result
    }

    /// Attention, then the perceptron, each of normalised tokens, scaled channel by channel and added to what came in.
    private func layer(_ network: inout NetworkBuilder, _ path: String, _ x: Value) throws(ModelError) -> Value {
        let c = options.hiddenSize, epsilon = options.layerNormEpsilon
        var y = try network.layerNorm("\(path).norm1", x, epsilon: epsilon)
        let q = try network.linear("\(path).attention.attention.query", y, outputs: c, bias: options.hasBiases)
        let k = try network.linear("\(path).attention.attention.key", y, outputs: c, bias: options.hasBiases)
        let v = try network.linear("\(path).attention.attention.value", y, outputs: c, bias: options.hasBiases)
        let scale = 1 / Float(c / options.heads).squareRoot()
        y = try network.attention("\(path).attention", queries: q, keys: k, values: v, heads: options.heads, keyValueHeads: options.heads, scale: scale)
        y = try network.linear("\(path).attention.output.dense", y, outputs: c)
        y = try network.layerScale("\(path).layer_scale1", y, parameter: "lambda1")
        let attended = try network.add("\(path).attention_add", y, x)

        y = try network.layerNorm("\(path).norm2", attended, epsilon: epsilon)
        y = try network.activation("\(path).mlp.activation", network.linear("\(path).mlp.fc1", y, outputs: c * options.mlpRatio), options.activation)
        y = try network.layerScale("\(path).layer_scale2", network.linear("\(path).mlp.fc2", y, outputs: c), parameter: "lambda1")
        return try network.add("\(path).mlp_add", y, attended)
    }

    private func graphShape(n: Int, h: Int, w: Int) throws(ModelError) -> Shape {
        try graphResult(.input) { () throws(GraphError) in try Shape(n: n, h: h, w: w, c: options.hiddenSize) }
    }
}

internal import OpsinGraph

/// MobileNetV3-Large (arXiv 1905.02244) as a backbone of dense heads, in torchvision's form: `mobilenet_v3_large(dilated=True).features`, whose last stage
/// has a dilation instead of a stride. Names of torchvision's state dict below `backbone`.
struct MobileNetV3: FeatureBackbone {
    let name = "mobilenet_v3_large"
    let eighth = 2
    let unread: [String] = []
    /// torchvision's norm of this network.
    private let epsilon = 0.001

    /// One row of the paper's table 1. A dilated block does not stride, whatever its stride says.
    private struct Block {
        let kernel: Int
        let expanded: Int
        let outputs: Int
        let hasGate: Bool
        let activation: ActivationFunction
        let stride: Int
        let dilation: Int

        init(_ kernel: Int, _ expanded: Int, _ outputs: Int, _ hasGate: Bool, _ activation: ActivationFunction, _ stride: Int, dilation: Int = 1) {
            (self.kernel, self.expanded, self.outputs, self.hasGate) = (kernel, expanded, outputs, hasGate)
            (self.activation, self.stride, self.dilation) = (activation, stride, dilation)
        }
    }

    private static let blocks = [
        Block(3, 16, 16, false, .relu, 1), Block(3, 64, 24, false, .relu, 2), Block(3, 72, 24, false, .relu, 1), Block(5, 72, 40, true, .relu, 2),
        Block(5, 120, 40, true, .relu, 1), Block(5, 120, 40, true, .relu, 1), Block(3, 240, 80, false, .hardSwish, 2),
        Block(3, 200, 80, false, .hardSwish, 1), Block(3, 184, 80, false, .hardSwish, 1), Block(3, 184, 80, false, .hardSwish, 1),
        Block(3, 480, 112, true, .hardSwish, 1), Block(3, 672, 112, true, .hardSwish, 1), Block(5, 672, 160, true, .hardSwish, 2, dilation: 2),
        Block(5, 960, 160, true, .hardSwish, 1, dilation: 2), Block(5, 960, 160, true, .hardSwish, 1, dilation: 2),
    ]

    /// The outputs of the stem, of every block that strides, and of the last convolution: what torchvision's segmentation models choose from.
    func maps(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> [Value] {
        var x = network.endpoint("0", try layer(&network, "0", x, outputs: 16, kernel: 3, stride: 2, activation: .hardSwish))
        var maps = [x]
        for (index, row) in Self.blocks.enumerated() {
            x = network.endpoint("\(index + 1)", try block(&network, "\(index + 1).block", x, row))
            if row.stride > 1 { maps.append(x) }
        }
        let last = Self.blocks.count + 1
        maps.append(network.endpoint("\(last)", try layer(&network, "\(last)", x, outputs: 6 * x.shape.c, kernel: 1, activation: .hardSwish)))
        return maps
    }

    /// torchvision's InvertedResidual.
    private func block(_ network: inout NetworkBuilder, _ path: String, _ x: Value, _ row: Block) throws(ModelError) -> Value {
        var y = x, index = 0
        func next() -> String {
            defer { index += 1 }
            return "\(path).\(index)"
        }
        if row.expanded != x.shape.c { y = try layer(&network, next(), y, outputs: row.expanded, kernel: 1, activation: row.activation) }
        let stride = row.dilation > 1 ? 1 : row.stride
        y = try layer(
            &network, next(), y, outputs: row.expanded, kernel: row.kernel, stride: stride, dilation: row.dilation, activation: row.activation,
            isDepthwise: true)
        if row.hasGate { y = try gate(&network, next(), y) }
        y = try layer(&network, next(), y, outputs: row.outputs, kernel: 1, activation: .identity)
        return row.stride == 1 && x.shape.c == row.outputs ? try network.add("\(path).add", y, x) : y
    }

    /// Squeeze and excitation (arXiv 1709.01507) with a hard sigmoid.
    private func gate(_ network: inout NetworkBuilder, _ path: String, _ x: Value) throws(ModelError) -> Value {
        var g = try network.globalAveragePool("\(path).avgpool", x)
        g = try network.conv("\(path).fc1", g, outputs: makeDivisible(Double(x.shape.c / 4)), bias: true)
        g = try network.activation("\(path).activation", g, .relu)
        g = try network.conv("\(path).fc2", g, outputs: x.shape.c, bias: true)
        g = try network.activation("\(path).scale_activation", g, .hardSigmoid)
        return try network.multiply("\(path).multiply", x, g)
    }

    /// torchvision's Conv2dNormActivation.
    private func layer(
        _ network: inout NetworkBuilder, _ path: String, _ x: Value, outputs: Int, kernel: Int, stride: Int = 1, dilation: Int = 1,
        activation: ActivationFunction, isDepthwise: Bool = false
    ) throws(ModelError) -> Value {
        let padding = Padding.symmetric(kernel: kernel, dilation: dilation)
        var y =
            isDepthwise
            ? try network.depthwise("\(path).0", x, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
            : try network.conv("\(path).0", x, outputs: outputs, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
        y = try network.batchNorm("\(path).1", y, epsilon: epsilon)
        return activation == .identity ? y : try network.activation("\(path).2", y, activation)
    }
}

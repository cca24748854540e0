package import OpsinGraph

/// MobileNetV2 (arXiv 1801.04381) as timm has it: symmetric padding, batch normalisation with epsilon 1e-5, names of timm's state dict.
package struct MobileNetV2: Architecture {
    package let name: String
    package let task = ModelTask.classify
    package let inputSize: InputSize
    package let classCount: Int
    private let widthFactor: Double
    private let depthFactor: Double
    /// timm's fix_stem_head: the stem and the head keep their widths, the first and the last stage their depth.
    private let hasFixedEnds: Bool
    private let epsilon = 1e-5

    /// The stages of the paper's table 2: expansion, channels, blocks, stride of the first block.
    static let stages: [(expansion: Int, channels: Int, blocks: Int, stride: Int)] = [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]

    /// The member that timm calls `name` (without tag): `mobilenetv2_` and the width in hundredths of three digits (`mobilenetv2_035`), or one of the
    /// deeper ones, `mobilenetv2_110d` and `mobilenetv2_120d`. Nil for another name.
    package init?(name: String, classCount: Int, inputSize: InputSize? = nil) {
        let prefix = "mobilenetv2_"
        guard name.hasPrefix(prefix) else { return nil }
        let size = name.dropFirst(prefix.count)
        switch size {
        case "110d": (widthFactor, depthFactor, hasFixedEnds) = (1.1, 1.2, true)
        case "120d": (widthFactor, depthFactor, hasFixedEnds) = (1.2, 1.4, true)
        default:
            guard size.utf8.count == 3, size.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let hundredths = Int(size),
                hundredths >= 5
            else {
                return nil
            }
            (widthFactor, depthFactor, hasFixedEnds) = (Double(hundredths) / 100, 1, false)
        }
        (self.name, self.classCount) = (name, classCount)
        self.inputSize = inputSize ?? InputSize(height: 224, width: 224)
    }

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        var x = try network.conv("conv_stem", x, outputs: hasFixedEnds ? 32 : channels(32), kernel: 3, stride: 2, padding: .symmetric(kernel: 3))
        x = network.endpoint("conv_stem", x)
        x = try normActivation(&network, "bn1", x)
        for (stage, row) in Self.stages.enumerated() {
            for index in 0..<blocks(stage) {
                let path = "blocks.\(stage).\(index)"
                let stride = index == 0 ? row.stride : 1
                x = try block(&network, path, x, expansion: row.expansion, stride: stride, outputs: channels(row.channels))
                x = network.endpoint(path, x)
            }
        }
        x = network.endpoint("conv_head", try network.conv("conv_head", x, outputs: hasFixedEnds ? 1280 : max(1280, channels(1280))))
        x = try normActivation(&network, "bn2", x)
        x = try network.globalAveragePool("global_pool", x)
        x = try network.linear("classifier", x, outputs: classCount)
        network.graph.output("logits", x, layout: .nc)
    }

    /// timm's DepthwiseSeparableConv when nothing is expanded, else its InvertedResidual; the projection has no activation.
    private func block(
        _ network: inout NetworkBuilder, _ path: String, _ x: Value, expansion: Int, stride: Int, outputs: Int
    ) throws(ModelError) -> Value {
        var y = x
        if expansion > 1 {
            y = try network.conv("\(path).conv_pw", y, outputs: makeDivisible(Double(x.shape.c * expansion)))
            y = try normActivation(&network, "\(path).bn1", y)
        }
        y = try network.depthwise("\(path).conv_dw", y, kernel: 3, stride: stride, padding: .symmetric(kernel: 3))
        y = try normActivation(&network, expansion > 1 ? "\(path).bn2" : "\(path).bn1", y)
        y = try network.conv(expansion > 1 ? "\(path).conv_pwl" : "\(path).conv_pw", y, outputs: outputs)
        y = try network.batchNorm(expansion > 1 ? "\(path).bn3" : "\(path).bn2", y, epsilon: epsilon)
        return stride == 1 && x.shape.c == outputs ? try network.add("\(path).add", y, x) : y
    }

    private func normActivation(_ network: inout NetworkBuilder, _ name: String, _ x: Value) throws(ModelError) -> Value {
        try network.activation("\(name).act", network.batchNorm(name, x, epsilon: epsilon), .relu6)
    }

    private func blocks(_ stage: Int) -> Int {
        let count = Self.stages[stage].blocks
        if hasFixedEnds, stage == 0 || stage == Self.stages.count - 1 { return count }
        return Int((Double(count) * depthFactor).rounded(.up))
    }

    private func channels(_ width: Int) -> Int { makeDivisible(Double(width) * widthFactor) }
}

package import OpsinGraph

/// ResNet (arXiv 1512.03385) as a backbone, v1.5: the stride is in the 3x3 convolution.
package struct ResNet: Hashable, Sendable {
    /// Whose names the weights have.
    package enum Naming: Hashable, Sendable {
        /// `conv1`, `layer1.0.conv2`, `layer1.0.downsample.0`: torchvision, timm, the original Deformable DETR.
        case torchvision
        /// `embedder.embedder.convolution`, `encoder.stages.0.layers.0.layer.1.convolution`: transformers' own ResNet.
        case transformers
    }

    package var naming = Naming.torchvision
    /// Blocks of each stage.
    package var depths = [3, 4, 6, 3]
    package var stemWidth = 64
    /// Channels of each stage's output.
    package var widths = [256, 512, 1024, 2048]
    /// 1x1, 3x3, 1x1 with a quarter of the width in between; else two 3x3.
    package var isBottleneck = true
    package var activation = ActivationFunction.relu
    /// DC5: the last stage keeps the map's size and is dilated instead, its first block not yet (torchvision's `replace_stride_with_dilation`).
    package var dilatesLastStage = false
    /// transformers' `downsample_in_first_stage`.
    package var stridesFirstStage = false
    /// transformers' `downsample_in_bottleneck`: the stride is in the first 1x1 convolution (v1).
    package var stridesFirstConvolution = false

    package init() {}

    /// The member that timm calls `name`; nil for another name.
    package init?(name: String) {
        switch name {
        case "resnet18": (depths, widths, isBottleneck) = ([2, 2, 2, 2], [64, 128, 256, 512], false)
        case "resnet34": (depths, widths, isBottleneck) = ([3, 4, 6, 3], [64, 128, 256, 512], false)
        case "resnet50": break
        case "resnet101": depths = [3, 4, 23, 3]
        case "resnet152": depths = [3, 8, 36, 3]
        default: return nil
        }
    }

    package static let names = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]

    static let epsilon = 1e-5

    /// Adds all layers under the path `prefix` (with its last dot); returns the map of each stage.
    package func features(_ network: inout NetworkBuilder, _ prefix: String, _ x: Value) throws(ModelError) -> [Value] {
        let (convolution, norm) = stem
        var x = try layer(&network, prefix + convolution, prefix + norm, x, outputs: stemWidth, kernel: 7, stride: 2)
        x = try network.maxPool(prefix + "maxpool", x, kernel: 3, stride: 2, padding: 1)
        var maps: [Value] = []
        for stage in depths.indices {
            let isLast = stage == depths.count - 1, isDilated = isLast && dilatesLastStage
            let stride = stage == 0 && !stridesFirstStage || isDilated ? 1 : 2
            for index in 0..<depths[stage] {
                x = try block(
                    &network, prefix, stage, index, x, stride: index == 0 ? stride : 1, dilations: isDilated ? (index > 0 ? 2 : 1, 2) : (1, 1))
            }
            maps.append(network.endpoint("\(prefix)stage\(stage + 1)", x))
        }
        return maps
    }

    /// `dilations` are those of the first 3x3 convolution and of the second one, which a bottleneck does not have.
    private func block(
        _ network: inout NetworkBuilder, _ prefix: String, _ stage: Int, _ index: Int, _ x: Value, stride: Int, dilations: (Int, Int)
    ) throws(ModelError) -> Value {
        let path = prefix + block(stage, index), outputs = widths[stage]
        var shortcut = x
        if stride != 1 || x.shape.c != outputs {
            let names = self.shortcut
            shortcut = try layer(&network, path + names.convolution, path + names.norm, x, outputs: outputs, kernel: 1, stride: stride, activates: false)
        }
        let inner = isBottleneck ? outputs / 4 : outputs
        let kernels = isBottleneck ? [1, 3, 1] : [3, 3]
        let strided = isBottleneck && !stridesFirstConvolution ? 1 : 0
        var y = x
        for (position, kernel) in kernels.enumerated() {
            let isLast = position == kernels.count - 1, names = convolution(position)
            let dilation = kernel == 1 ? 1 : isBottleneck || position == 0 ? dilations.0 : dilations.1
            y = try layer(
                &network, path + names.convolution, path + names.norm, y, outputs: isLast ? outputs : inner, kernel: kernel,
                stride: position == strided ? stride : 1, dilation: dilation, activates: !isLast)
        }
        return try network.activation(path + "act", network.add(path + "add", y, shortcut), activation)
    }

    /// Convolution, norm and activation.
    private func layer(
        _ network: inout NetworkBuilder, _ convolution: String, _ norm: String, _ x: Value, outputs: Int, kernel: Int, stride: Int = 1, dilation: Int = 1,
        activates: Bool = true
    ) throws(ModelError) -> Value {
        let side = (kernel - 1) / 2 * dilation
        let padding = Padding(top: side, left: side, bottom: side, right: side)
        var y = try network.conv(convolution, x, outputs: outputs, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
        y = try network.batchNorm(norm, y, epsilon: Self.epsilon)
        return activates ? try network.activation(norm + ".act", y, activation) : y
    }

    private typealias Names = (convolution: String, norm: String)

    private var stem: Names {
        switch naming {
        case .torchvision: ("conv1", "bn1")
        case .transformers: ("embedder.embedder.convolution", "embedder.embedder.normalization")
        }
    }

    private func block(_ stage: Int, _ index: Int) -> String {
        switch naming {
        case .torchvision: "layer\(stage + 1).\(index)."
        case .transformers: "encoder.stages.\(stage).layers.\(index)."
        }
    }

    private var shortcut: Names {
        switch naming {
        case .torchvision: ("downsample.0", "downsample.1")
        case .transformers: ("shortcut.convolution", "shortcut.normalization")
        }
    }

    private func convolution(_ position: Int) -> Names {
        switch naming {
        case .torchvision: ("conv\(position + 1)", "bn\(position + 1)")
        case .transformers: ("layer.\(position).convolution", "layer.\(position).normalization")
        }
    }
}

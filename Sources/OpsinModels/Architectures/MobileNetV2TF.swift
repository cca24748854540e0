package import OpsinGraph

/// MobileNetV2 as TensorFlow trained it and transformers has it: TensorFlow's padding, a background class, names of `MobileNetV2ForImageClassification`.
package struct MobileNetV2TF: Architecture {
    /// The values of transformers' `MobileNetV2Config` that shape the layers, with its defaults.
    package struct Options: Hashable, Sendable {
        package var depthMultiplier = 1.0
        package var depthDivisibleBy = 8
        package var minimumDepth = 8
        package var expandRatio = 6.0
        /// Rows of the input over rows of the last map: 8, 16 or 32. Below 32 the late layers are dilated instead of strided.
        package var outputStride = 32
        /// False: one more 1x1 convolution in the stem.
        package var firstLayerIsExpansion = true
        /// The last convolution keeps 1280 channels when the multiplier is below 1.
        package var finegrainedOutput = true
        package var hiddenActivation = ActivationFunction.relu6
        package var tfPadding = true
        package var layerNormEpsilon = 0.001

        package init() {}
    }

    package let name = "mobilenet_v2"
    package let task = ModelTask.classify
    package let inputSize: InputSize
    package let classCount: Int
    package let options: Options

    package init(options: Options, classCount: Int, inputSize: InputSize = InputSize(height: 224, width: 224)) {
        (self.options, self.classCount, self.inputSize) = (options, classCount, inputSize)
    }

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        let backbone = Backbone(options: options, prefix: "mobilenet_v2")
        var x = try backbone.features(&network, x)
        x = try backbone.head(&network, x)
        x = try network.globalAveragePool("mobilenet_v2.pooler", x)
        x = try network.linear("classifier", x, outputs: classCount)
        network.graph.output("logits", x, layout: .nc)
    }

    /// The layers that classification and segmentation share, under the prefix that the weights have.
    package struct Backbone: Sendable {
        package let options: Options
        package let prefix: String

        package init(options: Options, prefix: String) { (self.options, self.prefix) = (options, prefix) }

        /// Outputs of the stem and of the sixteen blocks behind it, and the blocks' strides.
        private static let channels = [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320]
        private static let strides = [2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1]

        /// From the image to the last block's map, 320 channels wide at multiplier 1.
        package func features(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> Value {
            var x = try stem(&network, x)
            var currentStride = 2
            var nextDilation = 1
            for (index, stride) in Self.strides.enumerated() {
                var blockStride = stride, dilation = 1
                if currentStride == options.outputStride {
                    // A stride that is not taken dilates from the next block on.
                    (blockStride, dilation) = (1, nextDilation)
                    nextDilation *= stride
                } else {
                    currentStride *= stride
                }
                let path = "\(prefix).layer.\(index)"
                x = try block(&network, path, x, outputs: scaled(Self.channels[index + 1]), stride: blockStride, dilation: dilation)
                x = network.endpoint(path, x)
            }
            return x
        }

        /// The last convolution, which segmentation leaves out.
        package func head(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> Value {
            let outputs = options.finegrainedOutput && options.depthMultiplier < 1 ? 1280 : scaled(1280)
            return network.endpoint("\(prefix).conv_1x1", try layer(&network, "\(prefix).conv_1x1", x, outputs: outputs, kernel: 1))
        }

        private func stem(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> Value {
            let path = "\(prefix).conv_stem"
            let width = scaled(32)
            var y = try layer(&network, "\(path).first_conv", x, outputs: width, kernel: 3, stride: 2)
            if !options.firstLayerIsExpansion { y = try layer(&network, "\(path).expand_1x1", y, outputs: width, kernel: 1) }
            y = try layer(&network, "\(path).conv_3x3", y, outputs: width, kernel: 3, isDepthwise: true)
            y = try layer(&network, "\(path).reduce_1x1", y, outputs: scaled(Self.channels[0]), kernel: 1, hasActivation: false)
            return network.endpoint(path, y)
        }

        private func block(
            _ network: inout NetworkBuilder, _ path: String, _ x: Value, outputs: Int, stride: Int, dilation: Int
        ) throws(ModelError) -> Value {
            let expanded = makeDivisible(
                (Double(x.shape.c) * options.expandRatio).rounded(.toNearestOrEven), divisor: options.depthDivisibleBy, minimum: options.minimumDepth)
            var y = try layer(&network, "\(path).expand_1x1", x, outputs: expanded, kernel: 1)
            y = try layer(&network, "\(path).conv_3x3", y, outputs: expanded, kernel: 3, stride: stride, dilation: dilation, isDepthwise: true)
            y = try layer(&network, "\(path).reduce_1x1", y, outputs: outputs, kernel: 1, hasActivation: false)
            return stride == 1 && x.shape.c == outputs ? try network.add("\(path).add", y, x) : y
        }

        /// transformers' MobileNetV2ConvLayer: convolution, normalisation, activation.
        private func layer(
            _ network: inout NetworkBuilder, _ path: String, _ x: Value, outputs: Int, kernel: Int, stride: Int = 1, dilation: Int = 1,
            isDepthwise: Bool = false, hasActivation: Bool = true
        ) throws(ModelError) -> Value {
            let padding = padding(x.shape, kernel: kernel, stride: stride, dilation: dilation)
            var y =
                isDepthwise
                ? try network.depthwise("\(path).convolution", x, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
                : try network.conv("\(path).convolution", x, outputs: outputs, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
            y = try network.batchNorm("\(path).normalization", y, epsilon: options.layerNormEpsilon)
            return hasActivation ? try network.activation("\(path).activation", y, options.hiddenActivation) : y
        }

        /// transformers' apply_tf_padding: SAME as if there were no dilation, then times the dilation.
        private func padding(_ x: Shape, kernel: Int, stride: Int, dilation: Int) -> Padding {
            guard options.tfPadding else { return .symmetric(kernel: kernel, dilation: dilation) }
            let same = Padding.same(height: x.h, width: x.w, kernel: kernel, stride: stride)
            return Padding(
                top: same.top * dilation, left: same.left * dilation, bottom: same.bottom * dilation, right: same.right * dilation)
        }

        /// transformers' apply_depth_multiplier.
        private func scaled(_ channels: Int) -> Int {
            makeDivisible(
                (Double(channels) * options.depthMultiplier).rounded(.toNearestOrEven), divisor: options.depthDivisibleBy, minimum: options.minimumDepth)
        }
    }
}

package import OpsinGraph

/// DeepLabV3 (arXiv 1706.05587) on MobileNetV2, as transformers' `MobileNetV2ForSemanticSegmentation` has it: two branches of the paper's pyramid, the
/// pooled one and the 1x1 one, and no decoder.
package struct DeepLabV3: Architecture {
    package let name = "deeplabv3_mobilenet_v2"
    package let task = ModelTask.segment
    package let inputSize: InputSize
    package let classCount: Int
    package let options: MobileNetV2TF.Options

    /// Channels of the head, whatever the width of the backbone.
    private static let width = 256
    /// The head's norms, whatever the backbone's say.
    private static let epsilon = 1e-5

    package init(options: MobileNetV2TF.Options, classCount: Int, inputSize: InputSize = InputSize(height: 513, width: 513)) {
        (self.options, self.classCount, self.inputSize) = (options, classCount, inputSize)
    }

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        let features = try MobileNetV2TF.Backbone(options: options, prefix: "mobilenet_v2").features(&network, x)
        // The classifier's last convolution is in the file, since transformers makes the whole backbone.
        network.weights.ignore(prefix: "mobilenet_v2.conv_1x1.")

        let path = "segmentation_head"
        let pooled = try network.globalAveragePool("\(path).avg_pool", features)
        var global = try layer(&network, "\(path).conv_pool", pooled)
        let local = try layer(&network, "\(path).conv_aspp", features)
        // From one pixel: every rule of interpolation repeats it.
        global = try network.resize(
            "\(path).resize", global, height: features.shape.h, width: features.shape.w, method: .bilinear, coordinates: .alignCorners)
        var y = try network.concat("\(path).concat", [global, local])
        y = try layer(&network, "\(path).conv_projection", y)
        y = try network.conv("\(path).classifier.convolution", y, outputs: classCount, bias: true)
        network.graph.output("logits", y, layout: .nchw)
    }

    /// A 1x1 convolution with its norm and activation, under the path that transformers' layer has.
    private func layer(_ network: inout NetworkBuilder, _ path: String, _ x: Value) throws(ModelError) -> Value {
        var y = try network.conv("\(path).convolution", x, outputs: Self.width)
        y = try network.batchNorm("\(path).normalization", y, epsilon: Self.epsilon)
        return network.endpoint(path, try network.activation("\(path).activation", y, .relu))
    }
}

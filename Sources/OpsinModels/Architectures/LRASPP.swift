package import OpsinGraph

/// Lite reduced atrous spatial pyramid pooling (arXiv 1905.02244, section 6.4) in torchvision's form: a light segmentation head over two maps of any
/// backbone, an eighth of the input and its last one.
///
/// Weights: the backbone's under `backbone.` with their own names, the head's as in torchvision's `lraspp_mobilenet_v3_large`. The logits stay at an eighth
/// of the input; they are interpolated to the photo, once, where torchvision goes by way of the input's size.
package struct LRASPP: Architecture {
    package let task = ModelTask.segment
    package let inputSize: InputSize
    package let classCount: Int
    private let backbone: any FeatureBackbone
    /// Channels between the two convolutions of the head.
    private let width: Int
    /// `torch.nn.BatchNorm2d`'s.
    private static let epsilon = 1e-5

    package var name: String { "lraspp_\(backbone.name)" }

    init(backbone: any FeatureBackbone, classCount: Int, inputSize: InputSize, width: Int = 128) {
        (self.backbone, self.classCount, self.inputSize, self.width) = (backbone, classCount, inputSize, width)
    }

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        let outer = network.weights.prefix
        network.weights.prefix = outer + "backbone."
        let maps = try backbone.maps(&network, x)
        for name in backbone.unread { network.weights.ignore(prefix: name) }
        network.weights.prefix = outer
        guard maps.indices.contains(backbone.eighth), let high = maps.last else {
            throw ModelError(.unsupported, "\(name): the backbone has no map of an eighth of its input")
        }
        let low = maps[backbone.eighth], path = "classifier"

        var y = try network.conv("\(path).cbr.0", high, outputs: width)
        y = try network.activation("\(path).cbr.2", network.batchNorm("\(path).cbr.1", y, epsilon: Self.epsilon), .relu)
        var gate = try network.conv("\(path).scale.1", network.globalAveragePool("\(path).scale.0", high), outputs: width)
        gate = try network.activation("\(path).scale.2", gate, .sigmoid)
        y = try network.multiply("\(path).multiply", y, gate)
        // A 1x1 convolution and bilinear interpolation may change places: the classifier works on the small map, and its few channels are enlarged.
        y = try network.conv("\(path).high_classifier", y, outputs: classCount, bias: true)
        y = try network.resize("\(path).resize", y, height: low.shape.h, width: low.shape.w, method: .bilinear, coordinates: .halfPixel)
        let detail = try network.conv("\(path).low_classifier", low, outputs: classCount, bias: true)
        network.graph.output("logits", try network.add("\(path).add", detail, y), layout: .nchw)
    }
}

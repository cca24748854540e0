internal import OpsinGraph

/// A network whose maps other heads read.
protocol FeatureBackbone: Sendable {
    /// The name that a configuration has for it.
    var name: String { get }

    /// Adds the layers from the image on and answers the last map of each size that heads take, the largest first.
    func maps(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> [Value]

    /// Where among `maps` is the one of an eighth of the input's rows and columns.
    var eighth: Int { get }

    /// Beginnings of the names of layers that a file may hold and no head reads: the backbone's own classifier.
    var unread: [String] { get }
}

extension MobileNetV4: FeatureBackbone {
    var eighth: Int { 2 }
    var unread: [String] { ["conv_head.", "norm_head.", "classifier."] }
}

extension MOAT: FeatureBackbone {
    var eighth: Int { 2 }
    var unread: [String] { ["moat/final_layer_norm/", "moat/logits_head/"] }
}

/// What a model is for.
public enum VisionTask: String, Hashable, Sendable, CaseIterable {
    /// Labels of the image, objects with boxes, a label for each pixel, a distance for each pixel.
    case classify, detect, segment, depth
    /// No head: the model yields feature maps only.
    case features

    /// The folder in `Models/` that the task takes when no model is named; nil for `features`.
    public var defaultModelName: String? {
        switch self {
        case .classify: "mobilenet_v2_1.0_224"
        case .detect: "deimv2_hgnetv2_atto_coco"
        case .segment: "deeplabv3_mobilenet_v2_1.0_513"
        case .depth: "tcmonodepth_small"
        case .features: nil
        }
    }
}

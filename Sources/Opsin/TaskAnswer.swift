/// What a task found on one image.
public enum TaskAnswer: Hashable, Sendable {
    /// Labels of the whole image, best first.
    case classes([Classification])
    /// Objects, best first.
    case detections([Detection])
    /// A label for each pixel.
    case segmentation(Segmentation)
    /// A distance for each pixel.
    case depth(DepthMap)
    /// No answer of its own: the model yields feature maps, which are among the result's tensors.
    case features
}

/// What a task reports of what the model found. A value a run, not a property of the session.
public struct TaskOptions: Hashable, Sendable {
    /// Classes: at most this many, best first; 0 is all.
    public var topK = 5
    /// Objects: at most this many, best first; 0 is the model's own number.
    public var maximumCount = 0
    /// Only scores above this; nil is no limit for classes and the model's own for objects; below 0 is no limit.
    public var threshold: Float?
    /// Boxes are cut at the image's edges.
    public var clipsBoxes = true
    /// How a photo is brought to the model's size.
    public var fit = Fit.model
    /// Masks carry the probability of each pixel's label.
    public var wantsConfidence = false
    /// Segmentation gives a tensor `probabilities` `[height, width, labels]` at the image's size: large.
    public var wantsProbabilities = false
    /// Masks are cut into connected regions.
    public var wantsRegions = false
    /// Only these labels, by name or by id in decimal; empty is all.
    public var allow: Set<String> = []
    /// Not these labels, by name or by id in decimal.
    public var deny: Set<String> = []

    /// How a photo is brought to the model's size.
    public enum Fit: String, Hashable, Sendable, CaseIterable {
        /// As the model's own recipe says.
        case model
        /// The whole photo, its aspect kept, padded to the model's size.
        case whole
    }

    /// The model's own.
    public init() {}

    /// Whether a label may be reported.
    func admits(_ id: Int, _ label: String) -> Bool {
        if !allow.isEmpty, !allow.contains(label), !allow.contains(String(id)) { return false }
        return deny.isEmpty || !(deny.contains(label) || deny.contains(String(id)))
    }
}

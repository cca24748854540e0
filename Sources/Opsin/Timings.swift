/// How long the stages of one frame took, in milliseconds of wall time.
public struct Timings: Hashable, Sendable {
    /// Reading and decoding the file; 0 when pixels were given.
    public var decode = 0.0
    /// Turning upright, resizing, cropping, normalising.
    public var preprocess = 0.0
    /// The model itself.
    public var run = 0.0
    /// From the model's outputs to the task's result.
    public var postprocess = 0.0

    /// All zero.
    public init() {}

    /// Part of the run was postprocessing, and more came behind it.
    mutating func moveToPostprocess(_ part: Double, and more: Double) {
        let part = min(part, run)
        run -= part
        postprocess += part + more
    }

    /// The sum of decoding, preprocessing, running and postprocessing.
    public var total: Double { decode + preprocess + run + postprocess }
}

/// Milliseconds of wall time since some fixed moment.
package func milliseconds() -> Double {
    let now = ContinuousClock.now - clockStart
    return Double(now.components.seconds) * 1e3 + Double(now.components.attoseconds) * 1e-15
}

private let clockStart = ContinuousClock.now

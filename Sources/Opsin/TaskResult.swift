package import OpsinModels

/// The answer to one image.
public struct TaskResult: Hashable, Sendable {
    /// What was asked.
    public let task: VisionTask
    /// Size of the upright image in pixels; 0 x 0 when tensors were given.
    public let imageWidth: Int
    /// Rows of the upright image.
    public let imageHeight: Int
    /// What the task found.
    public let answer: TaskAnswer
    /// The raw outputs that were asked for, under the reference's names.
    public let tensors: [Tensor]
    /// Milliseconds of each stage.
    public var timings: Timings
    /// What really ran.
    public let report: Report
    /// The image's own.
    public var timestampMicroseconds: Int64 = 0
}

extension TaskResult {
    /// What a classifier found, best first; empty for other tasks.
    public var classes: [Classification] { if case .classes(let found) = answer { found } else { [] } }
    /// What a detector found, best first; empty for other tasks.
    public var detections: [Detection] { if case .detections(let found) = answer { found } else { [] } }
    /// The mask; nil for other tasks.
    public var segmentation: Segmentation? { if case .segmentation(let found) = answer { found } else { nil } }
    /// The depth map; nil for other tasks.
    public var depth: DepthMap? { if case .depth(let found) = answer { found } else { nil } }
}

extension TaskResult {
    /// One object on one line, as `opsin TASK --json` prints it.
    ///
    /// - Parameters:
    ///   - image: path or name of the photo.
    ///   - runLengths: each label of a mask has its pixels as COCO's run-length encoding, `"rle": {"size", "counts"}`.
    public func jsonText(image: String, runLengths: Bool = false) -> String { json(image: image, runLengths: runLengths).text }

    package func json(image: String, runLengths: Bool = false) -> JSON {
        var members: [JSON.Member] = [
            .init("image", .string(image)), .init("task", .string(task.rawValue)), .init("device", .string(report.device.kind.rawValue)),
        ]
        switch answer {
        case .classes(let classes): members.append(.init("classes", .array(classes.map(\.json))))
        case .detections(let detections): members.append(.init("detections", .array(detections.map(\.json))))
        case .segmentation(let segmentation): members += segmentation.jsonMembers(runLengths: runLengths)
        case .depth(let depth): members.append(.init("depth", depth.json))
        case .features: break
        }
        members.append(.init("timings_ms", timings.json))
        return .object(members)
    }

    /// The line of a photo that failed among others.
    public static func jsonText(image: String, task: VisionTask, error: OpsinError) -> String {
        JSON.object([.init("image", .string(image)), .init("task", .string(task.rawValue)), .init("error", .string(error.description))]).text
    }
}

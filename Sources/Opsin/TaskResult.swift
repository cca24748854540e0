package import OpsinModels

/// The answer to one image.
public struct TaskResult: Hashable, Sendable {
    public let task: VisionTask
    /// Size of the upright image in pixels; 0 x 0 when tensors were given.
    public let imageWidth: Int
    public let imageHeight: Int
    /// What a classifier found, best first.
    public let classes: [Classification]
    /// The raw outputs that were asked for, under the reference's names.
    public let tensors: [Tensor]
    public var timings: Timings
    /// What really ran.
    public let report: Report
}

extension TaskResult {
    /// One object on one line, as `opsin TASK --json` prints it. `image` is the path or name of the photo.
    public func jsonText(image: String) -> String { json(image: image).text }

    package func json(image: String) -> JSON {
        var members: [JSON.Member] = [
            .init("image", .string(image)), .init("task", .string(task.rawValue)), .init("device", .string(report.device.kind.rawValue)),
        ]
        if task == .classify { members.append(.init("classes", .array(classes.map(\.json)))) }
        members.append(.init("timings_ms", timings.json))
        return .object(members)
    }

    /// The line of a photo that failed among others.
    public static func jsonText(image: String, task: VisionTask, error: OpsinError) -> String {
        JSON.object([.init("image", .string(image)), .init("task", .string(task.rawValue)), .init("error", .string(error.description))]).text
    }
}

// Four tasks, one photo, in Swift: a target that depends on the package's product `Opsin`.
//
//     tasks cat.jpg
//
// A task that this build cannot do prints why and the program goes on.
import Glibc
import Opsin

/// What a result says, a line each.
func lines(_ result: TaskResult) -> [String] {
    switch result.answer {
    case .classes(let classes):
        classes.map { "\(Int((100 * $0.score).rounded())) %  \($0.label)" }
    case .detections(let detections):
        detections.map { found in
            let sides = [found.box.x0, found.box.y0, found.box.x1, found.box.y1].map { String(Int($0.rounded())) }
            return "\(Int((100 * found.score).rounded())) %  \(found.label) at \(sides.joined(separator: ", "))"
        }
    case .segmentation(let mask):
        mask.segments.map { "\(Int((100 * $0.share).rounded())) %  \($0.label)" }
    case .depth(let depth):
        ["\(depth.width) x \(depth.height) values from \(depth.minimum) to \(depth.maximum) (\(depth.kind.rawValue))"]
    case .features:
        result.tensors.map { "\($0.name) \($0.dimensions)" }
    }
}

@main struct Tasks {
    static func main() {
        do {
            try run(CommandLine.arguments.dropFirst().first ?? "cat.jpg")
        } catch {
            print("tasks: \(error)")
            exit(1)
        }
    }

    static func run(_ path: String) throws(OpsinError) {
        let photo = try Image(path: path)
        let runtime = try Runtime()
        for task in [VisionTask.classify, .detect, .segment, .depth] {
            print(task.rawValue)
            do throws(OpsinError) {
                // Models and runtimes may be shared between threads; a session takes one call at a time.
                let session = try Session(Model(runtime, defaultFor: task))
                let result = try session.run(photo)
                for line in lines(result) { print("  " + line) }
            } catch {
                print("  \(error.description)")
            }
        }
    }
}

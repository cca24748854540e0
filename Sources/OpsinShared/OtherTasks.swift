public import COpsin
internal import Opsin

// Detection has no model in this version, so no result of it exists: the function finds out which result it was given, and says so, or that the task is not
// there.

/// The answer to every question about a task that this version does not have.
private func refuse(_ result: OpaquePointer?, _ task: VisionTask) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        _ = try object.answer(of: task)
        throw Failure.unsupported("task \(task.rawValue)")
    }
}

@c @implementation
public func opsin_result_detections(_ result: OpaquePointer?, _ detections: UnsafeMutablePointer<opsin_detections>?) -> opsin_status {
    unsafe refuse(result, .detect)
}

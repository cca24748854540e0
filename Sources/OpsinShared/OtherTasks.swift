public import COpsin
internal import Opsin

// Detection and depth have no model in this version, so no result of theirs exists: each function finds out which result it was given,
// and says so, or that the task is not there.

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

@c @implementation
public func opsin_result_depth(_ result: OpaquePointer?, _ depth: UnsafeMutablePointer<opsin_depth>?) -> opsin_status { unsafe refuse(result, .depth) }

@c @implementation
public func opsin_result_depth_percentile(_ result: OpaquePointer?, _ percent: Double, _ value: UnsafeMutablePointer<Float>?) -> opsin_status {
    unsafe refuse(result, .depth)
}

@c @implementation
public func opsin_result_save_point_cloud(
    _ result: OpaquePointer?, _ image: UnsafePointer<opsin_image>?, _ focal_pixels: Double, _ path: UnsafePointer<CChar>?
) -> opsin_status { unsafe refuse(result, .depth) }

public import COpsin
internal import Opsin

// Segmentation and depth have no model in this version, so no result of theirs exists: each function finds out which result it was given,
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
public func opsin_result_mask(_ result: OpaquePointer?, _ mask: UnsafeMutablePointer<opsin_mask>?) -> opsin_status { unsafe refuse(result, .segment) }

@c @implementation
public func opsin_result_segments(_ result: OpaquePointer?, _ segments: UnsafeMutablePointer<opsin_segments>?) -> opsin_status {
    unsafe refuse(result, .segment)
}

@c @implementation
public func opsin_result_regions(_ result: OpaquePointer?, _ regions: UnsafeMutablePointer<opsin_regions>?) -> opsin_status {
    unsafe refuse(result, .segment)
}

@c @implementation
public func opsin_result_region_outline(
    _ result: OpaquePointer?, _ index: UInt32, _ points: UnsafeMutablePointer<UnsafePointer<Float>?>?, _ count: UnsafeMutablePointer<UInt32>?
) -> opsin_status { unsafe refuse(result, .segment) }

@c @implementation
public func opsin_result_mask_rle(
    _ result: OpaquePointer?, _ label_id: Int32, _ counts: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) -> opsin_status { unsafe refuse(result, .segment) }

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

@c @implementation
public func opsin_result_save(_ result: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        _ = try unsafe text(path, "path")
        guard object.task == .segment || object.task == .depth else {
            throw Failure(OPSIN_E_STATE, "the result holds nothing for each pixel: it is of task \(object.task.rawValue)")
        }
        throw Failure.unsupported("task \(object.task.rawValue)")
    }
}

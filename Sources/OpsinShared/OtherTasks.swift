public import COpsin
internal import Opsin

// Detection and segmentation have no model in this version, so no result of theirs exists: each function finds out which result it was given, and says so,
// or that the task is not there.

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

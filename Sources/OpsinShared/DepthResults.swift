public import COpsin
internal import Opsin

extension DepthMap.Kind {
    /// OPSIN_DEPTH_*
    var number: Int32 {
        switch self {
        case .relativeInverse: OPSIN_DEPTH_RELATIVE_INVERSE
        case .relative: OPSIN_DEPTH_RELATIVE
        case .metric: OPSIN_DEPTH_METRIC
        }
    }
}

extension ResultObject {
    /// The depth map of a result of that task.
    func depth() throws(Failure) -> DepthMap {
        guard let depth = try answer(of: .depth).depth else { throw Failure(OPSIN_E_STATE, "the result holds no depth map") }
        return depth
    }
}

@c @implementation
public func opsin_result_depth(_ result: OpaquePointer?, _ depth: UnsafeMutablePointer<opsin_depth>?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        let map = try object.depth()
        var view = unsafe opsin_depth()
        unsafe (view.kind, view.min, view.max) = (map.kind.number, map.minimum, map.maximum)
        unsafe (view.width, view.height) = (Int32(clamping: map.width), Int32(clamping: map.height))
        // The result keeps the map and never writes it: its elements stay where they are (as LentTensor's do).
        unsafe view.data = map.values.withUnsafeBufferPointer { $0.baseAddress }
        try unsafe write(view, to: depth, "depth")
    }
}

@c @implementation
public func opsin_result_depth_percentile(_ result: OpaquePointer?, _ percent: Double, _ value: UnsafeMutablePointer<Float>?) -> opsin_status {
    answer { () throws(Failure) in
        let map = try unsafe Handles.results.object(result, "result").depth()
        guard let value = unsafe value else { throw .null("value") }
        guard percent >= 0, percent <= 100 else { throw Failure(OPSIN_E_ARGUMENT, "percent is \(percent), expected 0 to 100") }
        guard let found = map.percentile(percent) else { throw Failure(OPSIN_E_STATE, "the depth map holds no finite value") }
        unsafe value.pointee = found
    }
}

@c @implementation
public func opsin_result_save_point_cloud(
    _ result: OpaquePointer?, _ image: UnsafePointer<opsin_image>?, _ focal_pixels: Double, _ path: UnsafePointer<CChar>?
) -> opsin_status {
    answer { () throws(Failure) in
        let map = try unsafe Handles.results.object(result, "result").depth()
        guard map.kind == .metric else { throw Failure(OPSIN_E_STATE, "the depth map is \(map.kind.rawValue), a point cloud needs metric depth") }
        let photo = unsafe image == nil ? nil : try Opsin.Image(image)
        let file = try unsafe text(path, "path")
        try opsin { () throws(OpsinError) in try map.writePointCloud(to: file, focalLength: focal_pixels, image: photo) }
    }
}

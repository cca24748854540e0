public import COpsin
internal import Opsin

@c @implementation
public func opsin_result_save(_ result: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        let path = try unsafe text(path, "path")
        switch object.task {
        case .segment:
            let mask = try object.segmentation()
            guard path.lowercased().hasSuffix(".png") else { throw Failure(OPSIN_E_UNSUPPORTED, "\(path): the extension of a mask is not .png") }
            try opsin { () throws(OpsinError) in try mask.write(to: path) }
        case .depth: throw Failure.unsupported("task \(object.task.rawValue)")
        case .classify, .detect, .features:
            throw Failure(OPSIN_E_STATE, "the result holds nothing for each pixel: it is of task \(object.task.rawValue)")
        }
    }
}

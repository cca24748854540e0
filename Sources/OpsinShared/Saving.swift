public import COpsin
internal import Opsin

@c @implementation
public func opsin_result_save(_ result: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        let file = try unsafe text(path, "path")
        switch object.task {
        case .depth:
            let map = try object.depth()
            guard [".npy", ".pfm", ".png"].contains(where: { file.lowercased().hasSuffix($0) }) else {
                throw Failure(OPSIN_E_UNSUPPORTED, "\(file.suffix(200)): expected a name that ends in .npy, .pfm or .png")
            }
            try opsin { () throws(OpsinError) in try map.write(to: file) }
        case .segment:
            let mask = try object.segmentation()
            guard file.lowercased().hasSuffix(".png") else { throw Failure(OPSIN_E_UNSUPPORTED, "\(file.suffix(200)): the extension of a mask is not .png") }
            try opsin { () throws(OpsinError) in try mask.write(to: file) }
        case .classify, .detect, .features:
            throw Failure(OPSIN_E_STATE, "the result holds nothing for each pixel: it is of task \(object.task.rawValue)")
        }
    }
}

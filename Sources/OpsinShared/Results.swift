public import COpsin
internal import Opsin
internal import OpsinModels

@c @implementation
public func opsin_result_retain(_ result: OpaquePointer?) { unsafe Handles.results.retain(result) }

@c @implementation
public func opsin_result_release(_ result: OpaquePointer?) { unsafe Handles.results.release(result) }

@c @implementation
public func opsin_result_status(_ result: OpaquePointer?) -> opsin_status {
    guard let object = unsafe Handles.results.find(result) else { return OPSIN_E_ARGUMENT }
    return object.failure?.status ?? OPSIN_OK
}

@c @implementation
public func opsin_result_error(_ result: OpaquePointer?) -> UnsafePointer<CChar>? {
    guard let object = unsafe Handles.results.find(result), let failure = object.failure else { return unsafe StaticText.empty.pointer }
    return unsafe object.lent.text(failure.message)
}

@c @implementation
public func opsin_result_task(_ result: OpaquePointer?) -> Int32 { unsafe Handles.results.find(result)?.task.number ?? OPSIN_TASK_NONE }

@c @implementation
public func opsin_result_image_size(
    _ result: OpaquePointer?, _ width: UnsafeMutablePointer<Int32>?, _ height: UnsafeMutablePointer<Int32>?
) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        guard let width = unsafe width, let height = unsafe height else { throw .null(unsafe width == nil ? "width" : "height") }
        guard let answer = object.answer, answer.imageWidth > 0 else { throw Failure(OPSIN_E_STATE, "the result has no image, or failed") }
        unsafe width.pointee = Int32(clamping: answer.imageWidth)
        unsafe height.pointee = Int32(clamping: answer.imageHeight)
    }
}

@c @implementation
public func opsin_result_timestamp_us(_ result: OpaquePointer?) -> Int64 { unsafe Handles.results.find(result)?.timestamp ?? 0 }

@c @implementation
public func opsin_result_timings(_ result: OpaquePointer?, _ timings: UnsafeMutablePointer<opsin_timings>?) -> opsin_status {
    answer { () throws(Failure) in
        let taken = try unsafe Handles.results.object(result, "result").timings
        var out = opsin_timings()
        (out.total_ms, out.decode_ms, out.preprocess_ms) = (taken.total, taken.decode, taken.preprocess)
        (out.run_ms, out.postprocess_ms) = (taken.run, taken.postprocess)
        try unsafe write(out, to: timings, "timings")
    }
}

@c @implementation
public func opsin_result_classes(_ result: OpaquePointer?, _ classes: UnsafeMutablePointer<opsin_classes>?) -> opsin_status {
    answer { () throws(Failure) in try unsafe write(Handles.results.object(result, "result").classes(), to: classes, "classes") }
}

@c @implementation
public func opsin_result_tensor_count(_ result: OpaquePointer?) -> UInt32 { unsafe UInt32(clamping: Handles.results.find(result)?.tensors.count ?? 0) }

@c @implementation
public func opsin_result_tensor(_ result: OpaquePointer?, _ index: UInt32, _ tensor: UnsafeMutablePointer<opsin_tensor>?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        guard Int(index) < object.tensors.count else { throw Failure(OPSIN_E_NOT_FOUND, "no tensor \(index), there are \(object.tensors.count)") }
        try unsafe object.tensors[Int(index)].show(in: tensor, object.lent)
    }
}

@c @implementation
public func opsin_result_tensor_named(
    _ result: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ tensor: UnsafeMutablePointer<opsin_tensor>?
) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        let name = try unsafe text(name, "name")
        guard let found = object.tensors.first(where: { $0.name == name }) else {
            let known = object.tensors.map(\.name).joined(separator: ", ")
            throw Failure(OPSIN_E_NOT_FOUND, "no tensor \"\(name.prefix(80))\" (there are: \(known.isEmpty ? "none" : known))")
        }
        try unsafe found.show(in: tensor, object.lent)
    }
}

extension ResultObject {
    /// The object that the command prints, under the photo's name if it has one.
    func json(image: String?) -> JSON {
        if var answer {
            answer.timings = timings
            let members = answer.json(image: image ?? "").members ?? []
            return .object(image == nil ? members.filter { $0.name != "image" } : members)
        }
        var members: [JSON.Member] = image.map { [.init("image", .string($0))] } ?? []
        members.append(.init("task", .string(task.rawValue)))
        if let failure {
            members.append(.init("error", .string(failure.message)))
        } else {
            members.append(.init("tensors", .array(tensors.map { ["name": .string($0.name), "dims": .array($0.dimensions.map { .integer($0) })] })))
            members.append(.init("timings_ms", timings.json))
        }
        return .object(members)
    }
}

@c @implementation
public func opsin_result_to_json(
    _ result: OpaquePointer?, _ image_name: UnsafePointer<CChar>?, _ json: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) -> opsin_status {
    unsafe lend(json, "json") { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        return unsafe object.lent.text(object.json(image: optionalText(image_name)).text)
    }
}

@c @implementation
public func opsin_result_report_json(_ result: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> opsin_status {
    unsafe lend(json, "json") { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        guard let report = object.report else { throw Failure(OPSIN_E_STATE, "nothing ran: \(object.failure?.message ?? "")") }
        return unsafe object.lent.text(report.json(timings: object.timings).text)
    }
}

public import COpsin
internal import Opsin
internal import OpsinModels
internal import OpsinVision

extension VisionTask {
    /// The C number of the task.
    var number: Int32 {
        switch self {
        case .classify: OPSIN_TASK_CLASSIFY
        case .detect: OPSIN_TASK_DETECT
        case .segment: OPSIN_TASK_SEGMENT
        case .depth: OPSIN_TASK_DEPTH
        case .features: OPSIN_TASK_NONE
        }
    }
}

/// Opens a model and logs that it was. `make` hears whether the test size is wanted.
private func open(
    _ runtime: OpaquePointer?, _ options: UnsafePointer<opsin_model_options>?, _ make: (Runtime, Bool) throws(Failure) -> Model
) throws(Failure) -> OpaquePointer? {
    let object = try unsafe Handles.runtimes.object(runtime, "runtime")
    try object.checkProcess()
    let asked = try unsafe readOrDefault(options, "options")
    try checkFlags(unsafe asked.flags, known: [OPSIN_MODEL_USE_TEST_SIZE], "flags")
    _ = try unsafe settings(asked.extra, known: [])
    let model = try make(object.runtime, unsafe asked.flags & OPSIN_MODEL_USE_TEST_SIZE != 0)
    log(OPSIN_LOG_INFO, "opened \(model.path)")
    return unsafe Handles.models.add(try ModelObject(model, object))
}

@c @implementation
public func opsin_model_open(
    _ runtime: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<opsin_model_options>?, _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(model, "model") { () throws(Failure) in
        try unsafe open(runtime, options) { (runtime, usesTestSize) throws(Failure) in
            let path = try unsafe existingPath(path)
            return try opsin { () throws(OpsinError) in try Model(runtime, path: path, usesTestSize: usesTestSize) }
        }
    }
}

@c @implementation
public func opsin_model_open_default(
    _ runtime: OpaquePointer?, _ task: Int32, _ options: UnsafePointer<opsin_model_options>?, _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(model, "model") { () throws(Failure) in
        try unsafe open(runtime, options) { (runtime, usesTestSize) throws(Failure) in
            guard let known = VisionTask.allCases.first(where: { $0.number == task && $0 != .features }) else {
                throw Failure(OPSIN_E_ARGUMENT, "task is \(task), expected 1 (classify), 2 (detect), 3 (segment) or 4 (depth)")
            }
            return try opsin { () throws(OpsinError) in try Model(runtime, defaultFor: known, usesTestSize: usesTestSize) }
        }
    }
}

@c @implementation
public func opsin_model_open_memory(
    _ runtime: OpaquePointer?, _ files: UnsafePointer<opsin_model_files>?, _ options: UnsafePointer<opsin_model_options>?,
    _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(model, "model") { () throws(Failure) in
        try unsafe open(runtime, options) { (runtime, usesTestSize) throws(Failure) in
            let folder = try unsafe TemporaryFolder(read(files, "files"))
            do throws(OpsinError) {
                return try Model(runtime, path: folder.path, usesTestSize: usesTestSize)
            } catch {
                throw Failure(error.code.status, folder.hidingPath(in: error.description))
            }
        }
    }
}

@c @implementation
public func opsin_model_retain(_ model: OpaquePointer?) { unsafe Handles.models.retain(model) }

@c @implementation
public func opsin_model_release(_ model: OpaquePointer?) { unsafe Handles.models.release(model) }

@c @implementation
public func opsin_model_task(_ model: OpaquePointer?) -> Int32 { unsafe Handles.models.find(model)?.model.task.number ?? OPSIN_TASK_NONE }

@c @implementation
public func opsin_model_architecture(_ model: OpaquePointer?) -> UnsafePointer<CChar>? {
    guard let object = unsafe Handles.models.find(model) else { return unsafe StaticText.empty.pointer }
    return unsafe object.lent.text(object.model.architecture)
}

@c @implementation
public func opsin_model_info_json(_ model: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> opsin_status {
    unsafe lend(json, "json") { () throws(Failure) in
        let object = try unsafe Handles.models.object(model, "model")
        let info = try opsin { () throws(OpsinError) in try object.model.info() }
        let members = (info.json.members ?? []) + [JSON.Member("preprocess", object.model.recipe.json)]
        return unsafe object.lent.text(JSON.object(members).text)
    }
}

@c @implementation
public func opsin_model_label_count(_ model: OpaquePointer?) -> UInt32 { unsafe UInt32(clamping: Handles.models.find(model)?.model.labels.count ?? 0) }

@c @implementation
public func opsin_model_label(_ model: OpaquePointer?, _ label_id: UInt32) -> UnsafePointer<CChar>? {
    guard let object = unsafe Handles.models.find(model), Int(label_id) < object.model.labels.count else { return nil }
    return unsafe object.lent.text(object.model.labels[Int(label_id)])
}

@c @implementation
public func opsin_model_palette(
    _ model: OpaquePointer?, _ colors: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: UnsafeMutablePointer<UInt32>?
) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.models.object(model, "model")
        guard let colors = unsafe colors, let count = unsafe count else { throw .null(unsafe colors == nil ? "colors" : "count") }
        unsafe colors.pointee = object.palette
        unsafe count.pointee = UInt32(clamping: max(object.model.labels.count, 1))
    }
}

@c @implementation
public func opsin_model_input_count(_ model: OpaquePointer?) -> UInt32 { unsafe UInt32(clamping: Handles.models.find(model)?.inputs.count ?? 0) }

@c @implementation
public func opsin_model_input(_ model: OpaquePointer?, _ index: UInt32, _ input: UnsafeMutablePointer<opsin_tensor>?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.models.object(model, "model")
        try unsafe describe(object.inputs, index, object.lent, into: input, "input")
    }
}

@c @implementation
public func opsin_model_output_count(_ model: OpaquePointer?) -> UInt32 { unsafe UInt32(clamping: Handles.models.find(model)?.outputs.count ?? 0) }

@c @implementation
public func opsin_model_output(_ model: OpaquePointer?, _ index: UInt32, _ output: UnsafeMutablePointer<opsin_tensor>?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.models.object(model, "model")
        try unsafe describe(object.outputs, index, object.lent, into: output, "output")
    }
}

@c @implementation
public func opsin_model_feature_count(_ model: OpaquePointer?) -> UInt32 { unsafe UInt32(clamping: Handles.models.find(model)?.features.count ?? 0) }

@c @implementation
public func opsin_model_feature(_ model: OpaquePointer?, _ index: UInt32) -> UnsafePointer<CChar>? {
    guard let object = unsafe Handles.models.find(model), Int(index) < object.features.count else { return nil }
    return unsafe object.lent.text(object.features[Int(index)])
}

/// Fills the caller's tensor with a description: no data, any number of images.
private func describe(
    _ tensors: [TensorDescription], _ index: UInt32, _ lent: Lent, into place: UnsafeMutablePointer<opsin_tensor>?, _ name: String
) throws(Failure) {
    guard Int(index) < tensors.count else { throw Failure(OPSIN_E_NOT_FOUND, "no \(name) \(index), there are \(tensors.count)") }
    let tensor = tensors[Int(index)]
    var out = unsafe opsin_tensor(dimensions: tensor.dimensions, isImage: tensor.isImage)
    unsafe out.dims.0 = -1
    unsafe out.name = lent.text(tensor.name)
    try unsafe write(out, to: place, name)
}

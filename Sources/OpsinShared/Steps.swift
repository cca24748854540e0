public import COpsin
internal import Opsin
internal import OpsinModels
internal import OpsinVision

/// What an `opsin_input` stands for.
final class InputObject: Sendable {
    let tensor: LentTensor
    let geometry: opsin_geometry
    let lent = Lent()

    init(_ tensor: LentTensor, _ geometry: opsin_geometry) { (self.tensor, self.geometry) = (tensor, geometry) }
}

@c @implementation
public func opsin_preprocess(_ session: OpaquePointer?, _ image: UnsafePointer<opsin_image>?, _ input: UnsafeMutablePointer<OpaquePointer?>?) -> opsin_status {
    unsafe give(input, "input") { () throws(Failure) in
        try unsafe inside(session) { (session) throws(Failure) in
            let image = try unsafe Image(image)
            let preprocessed = try opsin { () throws(OpsinError) in try session.session.preprocess(image) }
            return unsafe Handles.inputs.add(InputObject(LentTensor(preprocessed.tensor), opsin_geometry(preprocessed.geometry)))
        }
    }
}

@c @implementation
public func opsin_input_tensor_count(_ input: OpaquePointer?) -> UInt32 { unsafe Handles.inputs.find(input) == nil ? 0 : 1 }

@c @implementation
public func opsin_input_tensor(_ input: OpaquePointer?, _ index: UInt32, _ tensor: UnsafeMutablePointer<opsin_tensor>?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.inputs.object(input, "input")
        guard index == 0 else { throw Failure(OPSIN_E_NOT_FOUND, "no tensor \(index), there is 1") }
        try unsafe object.tensor.show(in: tensor, object.lent)
    }
}

@c @implementation
public func opsin_input_geometry(_ input: OpaquePointer?, _ geometry: UnsafeMutablePointer<opsin_geometry>?) -> opsin_status {
    answer { () throws(Failure) in try unsafe write(Handles.inputs.object(input, "input").geometry, to: geometry, "geometry") }
}

@c @implementation
public func opsin_input_release(_ input: OpaquePointer?) { unsafe Handles.inputs.release(input) }

@c @implementation
public func opsin_run_tensors(
    _ session: OpaquePointer?, _ inputs: UnsafePointer<opsin_tensor>?, _ count: UInt32, _ result: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(result, "result") { () throws(Failure) in
        try unsafe inside(session) { (session) throws(Failure) in
            let known = session.model.inputs
            var tensors: [Tensor] = []
            let given = try unsafe readArray(inputs, count: count, atMost: known.count, "inputs")
            if unsafe given.count == 1, unsafe given[0].buffer != nil, let shared = try unsafe SharedTensor(given[0], expecting: known) {
                let (outputs, milliseconds, report) = try opsin { () throws(OpsinError) in try session.session.run(shared) }
                return unsafe Handles.results.add(ResultObject(outputs, milliseconds: milliseconds, report))
            }
            for index in unsafe given.indices { tensors.append(try unsafe Tensor(given[index], expecting: known, "input")) }
            let (outputs, milliseconds, report) = try opsin { () throws(OpsinError) in try session.session.run(tensors: tensors) }
            return unsafe Handles.results.add(ResultObject(outputs, milliseconds: milliseconds, report))
        }
    }
}

@c @implementation
public func opsin_postprocess(
    _ session: OpaquePointer?, _ outputs: UnsafePointer<opsin_tensor>?, _ count: UInt32, _ geometry: UnsafePointer<opsin_geometry>?,
    _ result: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    unsafe give(result, "result") { () throws(Failure) in
        try unsafe inside(session) { (session) throws(Failure) in
            guard session.model.model.task != .features else { throw Failure(OPSIN_E_UNSUPPORTED, "\(session.model.model.path): the model has no task") }
            let known = session.model.outputs
            var tensors: [Tensor] = []
            let given = try unsafe readArray(outputs, count: count, atMost: 64, "outputs")
            for index in unsafe given.indices { tensors.append(try unsafe Tensor(given[index], expecting: known, "output")) }
            if let missing = known.first(where: { output in !tensors.contains { $0.name == output.name } }) {
                throw Failure(OPSIN_E_NOT_FOUND, "output \"\(missing.name)\" is missing among the \(count) given")
            }
            let mapping = try unsafe imageMapping(geometry, session.session)
            var settings = session.settings
            settings.options.clipsBoxes = false
            let made = try opsin { () throws(OpsinError) in try session.session.postprocess(tensors, mapping, settings.options) }
            return unsafe Handles.results.add(ResultObject(made, settings, labelCount: session.model.model.labels.count))
        }
    }
}

/// The geometry as the library's own; without one, the photo is the model's input.
private func imageMapping(_ geometry: UnsafePointer<opsin_geometry>?, _ session: Session) throws(Failure) -> ImageMapping {
    let given: opsin_geometry? = if let geometry = unsafe geometry { try unsafe read(geometry, "geometry") } else { nil }
    do throws(VisionError) {
        guard let given else {
            let size = session.inputSize
            return try ImageMapping(imageWidth: size.width, imageHeight: size.height, inputWidth: size.width, inputHeight: size.height)
        }
        return try ImageMapping(
            imageWidth: Int(given.image_width), imageHeight: Int(given.image_height), inputWidth: Int(given.input_width), inputHeight: Int(given.input_height),
            source: ImageMapping.Rectangle(x: given.source_x, y: given.source_y, width: given.source_width, height: given.source_height),
            target: ImageMapping.Rectangle(x: given.target_x, y: given.target_y, width: given.target_width, height: given.target_height))
    } catch {
        throw Failure(OPSIN_E_ARGUMENT, error.description)
    }
}

extension opsin_geometry {
    /// Where the recipe put the photo.
    init(_ geometry: PreprocessGeometry) {
        self.init()
        (image_width, image_height) = (Int32(clamping: geometry.sourceWidth), Int32(clamping: geometry.sourceHeight))
        (input_width, input_height) = (Int32(clamping: geometry.width), Int32(clamping: geometry.height))
        (source_x, source_y) = (Double(geometry.originX), Double(geometry.originY))
        (source_width, source_height) = (Double(geometry.coveredWidth), Double(geometry.coveredHeight))
        (target_x, target_y) = (Double(geometry.padLeft - geometry.cropLeft), Double(geometry.padTop - geometry.cropTop))
        (target_width, target_height) = (Double(geometry.resizedWidth), Double(geometry.resizedHeight))
    }
}

public import COpsin
internal import Opsin

extension SessionObject {
    /// One image to one result. The session is entered already.
    func run(_ image: Image) throws(Failure) -> ResultObject {
        let form = ResultForm(self)
        return form.object(try opsin { () throws(OpsinError) in try session.run(image, form.settings.options) })
    }

    /// The photo of a file to one result; a large JPEG is resized while it is decoded. The session is entered already.
    func run(file path: String) throws(Failure) -> ResultObject {
        let form = ResultForm(self)
        return form.object(try opsin { () throws(OpsinError) in try session.run(path: path, form.settings.options) })
    }

    /// The caller's pixels to one result. The session is entered already.
    func run(_ pointer: UnsafePointer<opsin_image>?) throws(Failure) -> ResultObject { try run(unsafe Image(pointer)) }
}

@c @implementation
public func opsin_run(_ session: OpaquePointer?, _ image: UnsafePointer<opsin_image>?, _ result: UnsafeMutablePointer<OpaquePointer?>?) -> opsin_status {
    unsafe give(result, "result") { () throws(Failure) in
        try unsafe inside(session) { (session) throws(Failure) in unsafe Handles.results.add(try session.run(image)) }
    }
}

@c @implementation
public func opsin_run_file(_ session: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ result: UnsafeMutablePointer<OpaquePointer?>?) -> opsin_status {
    unsafe give(result, "result") { () throws(Failure) in
        try unsafe inside(session) { (session) throws(Failure) in
            unsafe Handles.results.add(try session.run(file: existingPath(path)))
        }
    }
}

@c @implementation
public func opsin_run_batch(
    _ session: OpaquePointer?, _ images: UnsafePointer<UnsafePointer<opsin_image>?>?, _ count: UInt32, _ results: UnsafeMutablePointer<OpaquePointer?>?
) -> opsin_status {
    answer { () throws(Failure) in
        guard let results = unsafe results else { throw .null("results") }
        guard count >= 1, count <= 65536 else { throw Failure(OPSIN_E_ARGUMENT, "count is \(count), expected 1 to 65536") }
        for index in 0..<Int(count) { unsafe results[index] = nil }
        guard let images = unsafe images else { throw .null("images") }
        try unsafe inside(session) { (session) throws(Failure) in
            var failures: [String] = []
            for index in 0..<Int(count) {
                do throws(Failure) {
                    unsafe results[index] = Handles.results.add(try session.run(images[index]))
                } catch {
                    failures.append("image \(index): \(error.message)")
                    unsafe results[index] = Handles.results.add(ResultObject(error, task: session.model.model.task))
                }
            }
            guard let first = failures.first else { return }
            throw Failure(OPSIN_E_PARTIAL, "\(failures.count) of \(count) images failed, first \(first)")
        }
    }
}

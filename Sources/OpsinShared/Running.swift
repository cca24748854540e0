public import COpsin
internal import Opsin

extension SessionObject {
    /// One image to one result. The session is entered already.
    func run(_ image: Image) throws(Failure) -> ResultObject {
        let form = ResultForm(self)
        return form.object(try opsin { () throws(OpsinError) in try session.run(image, form.settings.options) })
    }

    /// Images to one outcome each. The session is entered already.
    func run(batch images: UnsafeBufferPointer<UnsafePointer<opsin_image>?>) -> [Swift.Result<ResultObject, Failure>] {
        let form = ResultForm(self)
        let pixels = unsafe images.map { image in Swift.Result { () throws(Failure) in try unsafe Image(image) } }
        var answers = session.run(batch: pixels.compactMap { try? $0.get() }, form.settings.options).makeIterator()
        return pixels.map { image in
            image.flatMap { _ in
                guard let answer = answers.next() else { return .failure(Failure(OPSIN_E_INTERNAL, "an image has no answer")) }
                return answer.map { form.object($0) }.mapError { Failure($0) }
            }
        }
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
            // No more pixels of ours at a time than go through the network together.
            for first in stride(from: 0, to: Int(count), by: session.session.options.maximumBatch) {
                let part = unsafe UnsafeBufferPointer(start: images + first, count: min(Int(count) - first, session.session.options.maximumBatch))
                for (offset, outcome) in unsafe session.run(batch: part).enumerated() {
                    do throws(Failure) {
                        unsafe results[first + offset] = Handles.results.add(try outcome.get())
                    } catch {
                        failures.append("image \(first + offset): \(error.message)")
                        unsafe results[first + offset] = Handles.results.add(ResultObject(error, task: session.model.model.task))
                    }
                }
            }
            guard let first = failures.first else { return }
            throw Failure(OPSIN_E_PARTIAL, "\(failures.count) of \(count) images failed, first \(first)")
        }
    }
}

public import COpsin
internal import Opsin
internal import Synchronization

/// The objects of a result as arrays, made at the first look.
final class DetectionsView: Sendable {
    /// A view on its way out of a lock. Sound: the arrays are never written again.
    @safe private struct Shown: @unchecked Sendable {
        let view: opsin_detections

        init(_ view: opsin_detections) { unsafe self.view = view }
    }

    private let made = Mutex<Shown?>(nil)

    init() {}

    /// `found` in memory of `lent`; the same arrays at every call.
    func view(of found: [Detection], _ lent: Lent) -> opsin_detections {
        let shown = made.withLock { made in
            if let made { return made }
            var view = unsafe opsin_detections()
            unsafe view.count = UInt32(clamping: found.count)
            unsafe view.box = lent.array(found.flatMap { [$0.box.x0, $0.box.y0, $0.box.x1, $0.box.y1] })
            unsafe view.score = lent.array(found.map(\.score))
            unsafe view.label_id = lent.array(found.map { Int32(clamping: $0.labelID) })
            unsafe view.label = lent.texts(found.map(\.label))
            let shown = unsafe Shown(view)
            made = shown
            return shown
        }
        return unsafe shown.view
    }
}

@c @implementation
public func opsin_result_detections(_ result: OpaquePointer?, _ detections: UnsafeMutablePointer<opsin_detections>?) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        let found = try object.answer(of: .detect).detections
        try unsafe write(object.detectionsView.view(of: found, object.lent), to: detections, "detections")
    }
}

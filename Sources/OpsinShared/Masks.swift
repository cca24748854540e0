public import COpsin
internal import Opsin
internal import Synchronization

/// What C code was shown of a mask: arrays that are made at the first look and live as long as the result.
final class MaskViews: Sendable {
    /// Sound: the arrays are never written again.
    @safe struct Shown: @unchecked Sendable {
        var mask: opsin_mask?
        var segments: opsin_segments?
        var regions: opsin_regions?
        /// Points of outlines by region.
        var outlines: [Int: (points: Address, count: UInt32)] = [:]
    }

    let shown = Mutex(Shown())

    init() {}
}

extension ResultObject {
    /// The mask, if the result is one.
    func segmentation() throws(Failure) -> Segmentation {
        guard let found = try answer(of: .segment).segmentation else { throw Failure(OPSIN_E_STATE, "the result holds no mask") }
        return found
    }

    /// The regions, if they were asked for.
    fileprivate func regions() throws(Failure) -> (Segmentation, [Region]) {
        let found = try segmentation()
        guard hasRegions else { throw Failure(OPSIN_E_STATE, "regions were not asked for: opsin_task_options.flags lacks OPSIN_TASK_REGIONS") }
        return (found, found.regions)
    }

    fileprivate func mask() throws(Failure) -> opsin_mask {
        let found = try segmentation()
        let made = maskViews.shown.withLock { shown in
            if unsafe shown.mask == nil {
                var view = unsafe opsin_mask()
                unsafe view.width = Int32(clamping: found.width)
                unsafe view.height = Int32(clamping: found.height)
                unsafe view.label_count = UInt32(clamping: labelCount)
                unsafe view.label_id = lent.array(found.labelIDs)
                unsafe view.confidence = found.confidence.map { unsafe lent.array($0) }
                unsafe shown.mask = view
            }
            return shown
        }
        return unsafe made.mask ?? opsin_mask()
    }

    fileprivate func segments() throws(Failure) -> opsin_segments {
        let found = try segmentation().segments
        let made = maskViews.shown.withLock { shown in
            if unsafe shown.segments == nil {
                var view = unsafe opsin_segments()
                unsafe view.count = UInt32(clamping: found.count)
                unsafe view.label_id = lent.array(found.map { Int32(clamping: $0.labelID) })
                unsafe view.share = lent.array(found.map(\.share))
                unsafe view.pixels = lent.array(found.map { UInt64($0.pixels) })
                unsafe view.label = lent.texts(found.map(\.label))
                unsafe shown.segments = view
            }
            return shown
        }
        return unsafe made.segments ?? opsin_segments()
    }

    fileprivate func regionViews() throws(Failure) -> opsin_regions {
        let found = try regions().1
        let made = maskViews.shown.withLock { shown in
            if unsafe shown.regions == nil {
                var view = unsafe opsin_regions()
                unsafe view.count = UInt32(clamping: found.count)
                unsafe view.label_id = lent.array(found.map { Int32(clamping: $0.labelID) })
                unsafe view.pixels = lent.array(found.map { UInt64($0.pixels) })
                unsafe view.box = lent.array(found.flatMap { [$0.box.x0, $0.box.y0, $0.box.x1, $0.box.y1] })
                unsafe view.label = lent.texts(found.map(\.label))
                unsafe shown.regions = view
            }
            return shown
        }
        return unsafe made.regions ?? opsin_regions()
    }

    fileprivate func outline(_ index: UInt32) throws(Failure) -> (points: Address, count: UInt32) {
        let (found, regions) = try regions()
        guard regions.indices.contains(Int(index)) else { throw Failure(OPSIN_E_NOT_FOUND, "no region \(index), there are \(regions.count)") }
        return maskViews.shown.withLock { shown in
            if let known = shown.outlines[Int(index)] { return known }
            let points = found.outline(of: regions[Int(index)])
            let made = unsafe (points: Address(lent.array(points)), count: UInt32(clamping: points.count / 2))
            shown.outlines[Int(index)] = made
            return made
        }
    }
}

@c @implementation
public func opsin_result_mask(_ result: OpaquePointer?, _ mask: UnsafeMutablePointer<opsin_mask>?) -> opsin_status {
    answer { () throws(Failure) in try unsafe write(Handles.results.object(result, "result").mask(), to: mask, "mask") }
}

@c @implementation
public func opsin_result_segments(_ result: OpaquePointer?, _ segments: UnsafeMutablePointer<opsin_segments>?) -> opsin_status {
    answer { () throws(Failure) in try unsafe write(Handles.results.object(result, "result").segments(), to: segments, "segments") }
}

@c @implementation
public func opsin_result_regions(_ result: OpaquePointer?, _ regions: UnsafeMutablePointer<opsin_regions>?) -> opsin_status {
    answer { () throws(Failure) in try unsafe write(Handles.results.object(result, "result").regionViews(), to: regions, "regions") }
}

@c @implementation
public func opsin_result_region_outline(
    _ result: OpaquePointer?, _ index: UInt32, _ points: UnsafeMutablePointer<UnsafePointer<Float>?>?, _ count: UnsafeMutablePointer<UInt32>?
) -> opsin_status {
    answer { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        guard let points = unsafe points, let count = unsafe count else { throw .null(unsafe points == nil ? "points" : "count") }
        let outline = try object.outline(index)
        unsafe points.pointee = outline.points.pointer.assumingMemoryBound(to: Float.self)
        unsafe count.pointee = outline.count
    }
}

@c @implementation
public func opsin_result_mask_rle(
    _ result: OpaquePointer?, _ label_id: Int32, _ counts: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) -> opsin_status {
    unsafe lend(counts, "counts") { () throws(Failure) in
        let object = try unsafe Handles.results.object(result, "result")
        let found = try object.segmentation()
        guard (0..<object.labelCount).contains(Int(label_id)) else {
            throw Failure(OPSIN_E_ARGUMENT, "label_id is \(label_id), expected 0 to \(object.labelCount - 1)")
        }
        return unsafe object.lent.text(found.runLengthText(of: Int(label_id)))
    }
}

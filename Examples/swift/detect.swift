import Opsin

/// The objects on a photo with their boxes in pixels of the upright photo: a line each.
func detect(_ photo: Image, _ runtime: Runtime) throws(OpsinError) -> [String] {
    let session = try Session(Model(runtime, defaultFor: .detect))
    let result = try session.run(photo)
    guard case .detections(let detections) = result.answer else { return [] }
    return detections.map { found in
        let sides = [found.box.x0, found.box.y0, found.box.x1, found.box.y1].map { String(Int($0.rounded())) }
        return "\(Int((100 * found.score).rounded())) %  \(found.label) at \(sides.joined(separator: ", "))"
    }
}

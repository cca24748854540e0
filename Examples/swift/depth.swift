import Opsin

/// A distance for each pixel of a photo: its range, and what the numbers mean.
func depth(_ photo: Image, _ runtime: Runtime) throws(OpsinError) -> [String] {
    let session = try Session(Model(runtime, defaultFor: .depth))
    let result = try session.run(photo)
    guard case .depth(let depth) = result.answer else { return [] }
    return ["\(depth.width) x \(depth.height) values from \(depth.minimum) to \(depth.maximum) (\(depth.kind.rawValue))"]
}

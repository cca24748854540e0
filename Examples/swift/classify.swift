import Opsin

/// What is on a photo, best first: a line each.
func classify(_ photo: Image, _ runtime: Runtime) throws(OpsinError) -> [String] {
    let session = try Session(Model(runtime, defaultFor: .classify))
    let result = try session.run(photo)
    guard case .classes(let classes) = result.answer else { return [] }
    return classes.map { "\(Int((100 * $0.score).rounded())) %  \($0.label)" }
}

import Opsin

/// A label for each pixel of a photo: a line for each label with its share.
func segment(_ photo: Image, _ runtime: Runtime) throws(OpsinError) -> [String] {
    let session = try Session(Model(runtime, defaultFor: .segment))
    let result = try session.run(photo)
    guard case .segmentation(let mask) = result.answer else { return [] }
    return mask.segments.map { "\(Int((100 * $0.share).rounded())) %  \($0.label)" }
}

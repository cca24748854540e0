extension MOAT {
    /// A member of the family: channels of the stem, blocks and channels of the four stages behind it.
    package struct Variant: Hashable, Sendable {
        package let stem: Int
        package let blocks: [Int]
        package let widths: [Int]
        /// Side of the images that the published classifier takes.
        package let inputSide: Int
        /// True: pixels are scaled to -1...1, deeplab2's "option 2"; false: ImageNet's mean and deviation.
        package let isCentered: Bool
    }

    /// The published members by name (arXiv 2210.01820, tables 1 and 8).
    package static let variants: [String: Variant] = [
        "tiny-moat-0": Variant(stem: 32, blocks: [2, 3, 7, 2], widths: [32, 64, 128, 256], inputSide: 256, isCentered: false),
        "tiny-moat-1": Variant(stem: 40, blocks: [2, 3, 7, 2], widths: [40, 80, 160, 320], inputSide: 256, isCentered: false),
        "tiny-moat-2": Variant(stem: 56, blocks: [2, 3, 7, 2], widths: [56, 112, 224, 448], inputSide: 256, isCentered: false),
        "tiny-moat-3": Variant(stem: 80, blocks: [2, 3, 7, 2], widths: [80, 160, 320, 640], inputSide: 256, isCentered: false),
        "moat-0": Variant(stem: 64, blocks: [2, 3, 7, 2], widths: [96, 192, 384, 768], inputSide: 224, isCentered: false),
        "moat-1": Variant(stem: 64, blocks: [2, 6, 14, 2], widths: [96, 192, 384, 768], inputSide: 224, isCentered: false),
        "moat-2": Variant(stem: 128, blocks: [2, 6, 14, 2], widths: [128, 256, 512, 1024], inputSide: 384, isCentered: true),
        "moat-3": Variant(stem: 160, blocks: [2, 12, 28, 2], widths: [160, 320, 640, 1280], inputSide: 512, isCentered: true),
        "moat-4": Variant(stem: 256, blocks: [2, 12, 28, 2], widths: [256, 512, 1024, 2048], inputSide: 512, isCentered: true),
    ]

    /// All names that `init` takes, in the paper's order.
    package static let names = variants.keys.sorted { ($0.hasPrefix("t") ? 0 : 1, $0) < ($1.hasPrefix("t") ? 0 : 1, $1) }
}

/// Tables resized bilinearly with half-pixel centres and without antialiasing (`tf.image.resize`, `torch.nn.functional.interpolate`), in fp32 and in
/// PyTorch's order of operations.
func resizedTable(_ table: [Float], count: Int, from: (height: Int, width: Int), to: (height: Int, width: Int)) -> [Float] {
    guard from != to else { return table }
    let rows = bilinearTaps(from: from.height, to: to.height), columns = bilinearTaps(from: from.width, to: to.width)
    var result: [Float] = []
    result.reserveCapacity(count * to.height * to.width)
    for image in 0..<count {
        let base = image * from.height * from.width
        for y in rows {
            let first = base + y.first * from.width, second = base + y.second * from.width
            for x in columns {
                let top = (1 - x.share) * table[first + x.first] + x.share * table[first + x.second]
                let bottom = (1 - x.share) * table[second + x.first] + x.share * table[second + x.second]
                result.append((1 - y.share) * top + y.share * bottom)
            }
        }
    }
    return result
}

/// The two inputs of each output, and the second one's share.
private func bilinearTaps(from inputs: Int, to outputs: Int) -> [(first: Int, second: Int, share: Float)] {
    let scale = Float(inputs) / Float(outputs)
    return (0..<outputs).map { index in
        let position = max(scale * (Float(index) + 0.5) - 0.5, 0)
        let first = min(Int(position), inputs - 1)
        return (first, min(first + 1, inputs - 1), min(max(position - Float(first), 0), 1))
    }
}

/// Between which logits the pixels of a picture lie along one side, and which of them the model saw.
@safe final class MaskAxis {
    /// `[pixels]`: the logit row or column before each pixel's centre.
    let index: UnsafeMutablePointer<UInt32>
    /// `[pixels]`: how far from that one to the next.
    let weight: UnsafeMutablePointer<Float>
    /// `[cells + 1]`: the first pixel that is seen with an index of at least that.
    let start: UnsafeMutablePointer<UInt32>
    /// The pixels that the model saw.
    let seen: Range<Int>

    /// - Parameters:
    ///   - cells: logits along this side, spread over the `input` pixels of the model's input.
    ///   - pixels: of the picture.
    ///   - source: start and length of the part of the picture that was used, in its pixels.
    ///   - target: where that part lies in the input.
    init(cells: Int, input: Int, pixels: Int, source: (start: Double, length: Double), target: (start: Double, length: Double)) {
        unsafe index = .allocate(capacity: pixels)
        unsafe weight = .allocate(capacity: pixels)
        unsafe start = .allocate(capacity: cells + 1)
        let share = Double(cells) / Double(input), scale = target.length / source.length
        // Where all of the picture was stretched over all of the input the positions are PyTorch's, to the bit.
        let isWhole = source.start == 0 && target.start == 0 && target.length == Double(input) && pixels <= 1 << 24
        let ratio = Float(cells) / Float(source.length), last = Double(cells - 1)
        var first = pixels, end = pixels
        for pixel in 0..<pixels {
            let centre = Double(pixel) + 0.5, point = (centre - source.start) * scale + target.start
            let position = isWhole ? Double(ratio * (Float(pixel) + 0.5) - 0.5) : point * share - 0.5
            // What is no number, out of sizes that another program made up, is 0.
            let inside = position > 0 ? min(position, last) : 0, whole = inside.rounded(.down)
            unsafe (index + pixel).initialize(to: UInt32(whole))
            unsafe (weight + pixel).initialize(to: Float(inside - whole))
            let isSeen = centre > source.start && centre < source.start + source.length && point >= 0 && point < Double(input)
            if isSeen, first == pixels { first = pixel }
            if !isSeen, first < pixels, end == pixels { end = pixel }
        }
        seen = first..<max(first, end)
        var pixel = seen.lowerBound
        for cell in 0...cells {
            while pixel < seen.upperBound, unsafe index[pixel] < UInt32(cell) { pixel += 1 }
            unsafe (start + cell).initialize(to: UInt32(pixel))
        }
    }

    /// Those of both sides of a picture over `rows` x `columns` logits.
    static func both(_ mapping: ImageMapping, rows: Int, columns: Int) -> (down: MaskAxis, across: MaskAxis) {
        (
            MaskAxis(
                cells: rows, input: mapping.inputHeight, pixels: mapping.imageHeight, source: (mapping.source.y, mapping.source.height),
                target: (mapping.target.y, mapping.target.height)),
            MaskAxis(
                cells: columns, input: mapping.inputWidth, pixels: mapping.imageWidth, source: (mapping.source.x, mapping.source.width),
                target: (mapping.target.x, mapping.target.width))
        )
    }

    /// `[pixels, 2]`: index and weight of each pixel, for kernels of other devices.
    func places(_ pixels: Int) -> [Float] { (0..<pixels * 2).map { unsafe $0 % 2 == 0 ? Float(index[$0 / 2]) : weight[$0 / 2] } }

    deinit {
        unsafe index.deallocate()
        unsafe weight.deallocate()
        unsafe start.deallocate()
    }
}

private import OpsinGraph

/// Which of a depth map's cells each pixel of a picture is made of along one side, and which pixels the model saw.
struct DepthAxis {
    /// The pixels that the model saw.
    let seen: Range<Int>
    /// `[seen, 4]`: cells, those beyond the map's edge replaced by the edge's.
    private(set) var index: [Int32] = []
    /// `[seen, 4]`
    private(set) var weight: [Float] = []

    /// - Parameters:
    ///   - cells: of the map along this side, spread over the `input` pixels of the model's input.
    ///   - pixels: of the picture.
    ///   - source: start and length of the part of the picture that was used, in its pixels.
    ///   - target: where that part lies in the input.
    init(cells: Int, input: Int, pixels: Int, source: (start: Double, length: Double), target: (start: Double, length: Double)) {
        let scale = target.length / source.length, share = Double(cells) / Double(input)
        // Where all of the picture was stretched over all of the input the positions are PyTorch's, to the bit.
        let isWhole = source.start == 0 && source.length == Double(pixels) && target.start == 0 && target.length == Double(input)
        let ratio = Float(cells) / Float(pixels)
        var first = pixels, end = pixels
        for pixel in 0..<pixels {
            let centre = Double(pixel) + 0.5, point = (centre - source.start) * scale + target.start
            guard centre > source.start, centre < source.start + source.length, point >= 0, point < Double(input) else {
                if first < pixels { end = min(end, pixel) }
                continue
            }
            guard end == pixels else { break }
            first = min(first, pixel)
            let position = isWhole ? ratio * (Float(pixel) + 0.5) - 0.5 : Float(point * share - 0.5)
            let whole = min(max(position.rounded(.down), -1), Float(cells)), weights = ResizeTaps.cubic(Double(position - whole))
            for tap in 0..<4 {
                index.append(Int32(min(max(Int(whole) + tap - 1, 0), cells - 1)))
                weight.append(weights[tap])
            }
        }
        seen = first..<max(first, end)
    }
}

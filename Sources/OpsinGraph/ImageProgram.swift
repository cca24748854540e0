/// What turns the 8-bit samples of an image into a model's input, as data that any backend can follow: up to two resampling passes in whole numbers, then a
/// table look-up. The numbers are those of the CPU's preprocessing, so that all give the same bits.
package struct ImageProgram: Sendable {
    /// One pass along an axis: `y = clip((2^21 + sum of x * weight) >> 22)`, Pillow's fixed point.
    package struct Pass: Sendable {
        /// Along columns of pixels, not along rows.
        package let isVertical: Bool
        /// Pixels of the result.
        package let rows: Int
        package let columns: Int
        /// The sample of the source where the result's first row and column begin, and samples from a row of the source to the next.
        package let offset: Int
        package let sourceRow: Int
        /// Of each output along the axis: its first input, counted from `offset`, and how many it takes.
        package let spans: [Int32]
        /// `[outputs, stride]`
        package let weights: [Int32]
        package let stride: Int

        package init(
            isVertical: Bool, rows: Int, columns: Int, offset: Int, sourceRow: Int, spans: [Int32], weights: [Int32], stride: Int
        ) {
            (self.isVertical, self.rows, self.columns, self.offset, self.sourceRow) = (isVertical, rows, columns, offset, sourceRow)
            (self.spans, self.weights, self.stride) = (spans, weights, stride)
        }
    }

    /// What the look-up reads and where it puts it. Rows and columns are of pixels.
    package struct Placement: Sendable {
        /// The sample of the last pass's result (or of the image) where the part that is kept begins, and samples from row to row.
        package var offset: Int
        package var sourceRow: Int
        /// The part that is kept, and where it lies in the crop.
        package var rows: Int
        package var columns: Int
        package var top: Int
        package var left: Int
        package var cropHeight: Int
        package var cropWidth: Int
        /// Where the crop lies in the input; around it are zeros.
        package var padTop: Int
        package var padLeft: Int
        package var height: Int
        package var width: Int

        package init(
            offset: Int, sourceRow: Int, rows: Int, columns: Int, top: Int, left: Int, cropHeight: Int, cropWidth: Int, padTop: Int, padLeft: Int,
            height: Int, width: Int
        ) {
            (self.offset, self.sourceRow, self.rows, self.columns, self.top, self.left) = (offset, sourceRow, rows, columns, top, left)
            (self.cropHeight, self.cropWidth, self.padTop, self.padLeft) = (cropHeight, cropWidth, padTop, padLeft)
            (self.height, self.width) = (height, width)
        }
    }

    /// Samples a pixel of the image: 1 or 3.
    package let channels: Int
    package let sampleCount: Int
    package let passes: [Pass]
    package let placement: Placement
    /// `[3, 256]`: the value of each level.
    package let tables: [Float]
    /// Around the image in the crop: three levels.
    package let fill: [UInt8]
    /// Blue first.
    package let swapsChannels: Bool

    package init(channels: Int, sampleCount: Int, passes: [Pass], placement: Placement, tables: [Float], fill: [UInt8], swapsChannels: Bool) {
        (self.channels, self.sampleCount, self.passes, self.placement) = (channels, sampleCount, passes, placement)
        (self.tables, self.fill, self.swapsChannels) = (tables, fill, swapsChannels)
    }
}

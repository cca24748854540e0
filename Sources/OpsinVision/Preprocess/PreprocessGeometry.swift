/// Where the pixels of a model's input came from, so that boxes, masks and depth can be mapped back to the picture.
///
/// Picture (`sourceWidth` x `sourceHeight`, of which the image covers `coveredWidth` x `coveredHeight` from `originX`, `originY`) -> resized -> cut at
/// `cropLeft`, `cropTop` -> padded with `padLeft`, `padTop` pixels before -> `width` x `height`.
package struct PreprocessGeometry: Hashable, Sendable {
    /// Size of the upright picture.
    package var sourceWidth: Int
    package var sourceHeight: Int
    /// The part of the picture, in its own pixels, that was resized; all of it unless a region of interest was given.
    package var originX = 0
    package var originY = 0
    package var coveredWidth: Int
    package var coveredHeight: Int
    /// Size after the resize.
    package var resizedWidth: Int
    package var resizedHeight: Int
    /// Upper left corner of the crop in the resized image; negative: that many pixels of fill come first.
    package var cropLeft = 0
    package var cropTop = 0
    /// Size of the crop; that of the resized image when there is none.
    package var cropWidth: Int
    package var cropHeight: Int
    /// Zeros before the crop's first column and row, added after normalising.
    package var padLeft = 0
    package var padTop = 0
    /// Size of the model's input.
    package var width: Int
    package var height: Int

    /// The point of the picture, in its pixels, that a point of the input shows. Pixel centres are at halves on both sides.
    package func sourcePoint(x: Float, y: Float) -> (x: Float, y: Float) {
        (
            Float(originX) + (x - Float(padLeft) + Float(cropLeft)) * Float(coveredWidth) / Float(resizedWidth),
            Float(originY) + (y - Float(padTop) + Float(cropTop)) * Float(coveredHeight) / Float(resizedHeight)
        )
    }

    /// The point of the input at which a point of the picture is seen; it may lie outside of the input.
    package func inputPoint(x: Float, y: Float) -> (x: Float, y: Float) {
        (
            (x - Float(originX)) * Float(resizedWidth) / Float(coveredWidth) - Float(cropLeft) + Float(padLeft),
            (y - Float(originY)) * Float(resizedHeight) / Float(coveredHeight) - Float(cropTop) + Float(padTop)
        )
    }
}

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
}

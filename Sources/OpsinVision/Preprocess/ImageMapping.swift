/// Where the pixels of a picture lie in a model's input: what postprocessing needs of the preprocessing, in numbers that other programs can hand over too.
///
/// A rectangle of the upright picture (`source`) was brought to a rectangle of the input (`target`), which may begin before the input's edge (a crop) or lie
/// inside of it (padding): `x` of the picture is seen at `(x - source.x) * target.width / source.width + target.x`. Pixel centres are at halves on both sides.
package struct ImageMapping: Hashable, Sendable {
    /// A rectangle in pixels.
    package struct Rectangle: Hashable, Sendable {
        package var x: Double
        package var y: Double
        package var width: Double
        package var height: Double

        package init(x: Double, y: Double, width: Double, height: Double) { (self.x, self.y, self.width, self.height) = (x, y, width, height) }
    }

    /// Size of the upright picture, in pixels.
    package let imageWidth: Int
    package let imageHeight: Int
    /// Size of the model's input, in pixels.
    package let inputWidth: Int
    package let inputHeight: Int
    /// The part of the picture that was used; sides above 0.
    package let source: Rectangle
    /// Where that part lies in the input; sides above 0.
    package let target: Rectangle

    /// Throws when a size is not above 0 or a number is not finite: these numbers may come from another program.
    package init(imageWidth: Int, imageHeight: Int, inputWidth: Int, inputHeight: Int, source: Rectangle, target: Rectangle) throws(VisionError) {
        let offsets = [source.x, source.y, target.x, target.y]
        let sides = [source.width, source.height, target.width, target.height]
        guard imageWidth >= 1, imageHeight >= 1, inputWidth >= 1, inputHeight >= 1, offsets.allSatisfy(\.isFinite),
            sides.allSatisfy({ $0 > 0 && $0.isFinite })
        else {
            throw VisionError(
                .argument,
                "geometry: image \(imageWidth) x \(imageHeight), input \(inputWidth) x \(inputHeight), source \(source.width) x \(source.height), "
                    + "target \(target.width) x \(target.height), expected each above 0")
        }
        (self.imageWidth, self.imageHeight, self.inputWidth, self.inputHeight) = (imageWidth, imageHeight, inputWidth, inputHeight)
        (self.source, self.target) = (source, target)
    }

    /// What a recipe did.
    package init(_ geometry: PreprocessGeometry) {
        (imageWidth, imageHeight) = (geometry.sourceWidth, geometry.sourceHeight)
        (inputWidth, inputHeight) = (geometry.width, geometry.height)
        source = Rectangle(
            x: Double(geometry.originX), y: Double(geometry.originY), width: Double(geometry.coveredWidth), height: Double(geometry.coveredHeight))
        target = Rectangle(
            x: Double(geometry.padLeft - geometry.cropLeft), y: Double(geometry.padTop - geometry.cropTop), width: Double(geometry.resizedWidth),
            height: Double(geometry.resizedHeight))
    }

    /// The whole picture stretched over the whole input. Throws when a size is not above 0.
    package init(imageWidth: Int, imageHeight: Int, inputWidth: Int, inputHeight: Int) throws(VisionError) {
        try self.init(
            imageWidth: imageWidth, imageHeight: imageHeight, inputWidth: inputWidth, inputHeight: inputHeight,
            source: Rectangle(x: 0, y: 0, width: Double(imageWidth), height: Double(imageHeight)),
            target: Rectangle(x: 0, y: 0, width: Double(inputWidth), height: Double(inputHeight)))
    }

    /// The point of the picture that a point of the input shows.
    package func sourcePoint(x: Double, y: Double) -> (x: Double, y: Double) {
        ((x - target.x) * source.width / target.width + source.x, (y - target.y) * source.height / target.height + source.y)
    }

    /// The point of the input at which a point of the picture is seen; it may lie outside of the input.
    package func inputPoint(x: Double, y: Double) -> (x: Double, y: Double) {
        ((x - source.x) * target.width / source.width + target.x, (y - source.y) * target.height / source.height + target.y)
    }
}

internal import OpsinGraph
internal import OpsinModels
package import OpsinVision

/// What a recipe made of an image.
public struct PreprocessedImage: Sendable {
    /// `pixel_values`, `[1, 3, height, width]`, scaled and normalised as the recipe says.
    public let tensor: Tensor
    /// Which part of the photo lies where in the tensor.
    package let geometry: PreprocessGeometry
}

extension Model {
    /// Resizes, crops and normalises an image as the model's publisher says.
    public func preprocess(_ image: Image) throws(OpsinError) -> PreprocessedImage { try PreprocessedImage(image, recipe) }
}

extension PreprocessedImage {
    init(_ image: Image, _ recipe: PreprocessRecipe) throws(OpsinError) {
        let preprocessed: OpsinVision.PreprocessedImage
        do {
            preprocessed = try recipe.apply(image.pixels)
        } catch {
            throw OpsinError(error)
        }
        let shape: Shape
        do {
            shape = try Shape(n: 1, h: preprocessed.geometry.height, w: preprocessed.geometry.width, c: 3)
        } catch {
            throw OpsinError(.image, error.description)
        }
        tensor = unsafe preprocessed.pixels.withUnsafeBufferPointer { unsafe Tensor(name: "pixel_values", shape: shape, layout: .nchw, nhwc: $0) }
        geometry = preprocessed.geometry
    }
}

/// Preprocessing alone, for a folder without weights.
public enum Preprocessing {
    /// - Parameter usesTestSize: timm's `test_input_size` and `test_crop_pct` where the folder has them.
    public static func run(folder: String, image: Image, usesTestSize: Bool = false) throws(OpsinError) -> PreprocessedImage {
        let opened: ModelFolder
        do {
            opened = try ModelFolder(path: folder)
        } catch {
            throw OpsinError(error)
        }
        return try PreprocessedImage(image, Model.recipe(of: opened, usesTestSize: usesTestSize))
    }
}

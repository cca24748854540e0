internal import OpsinModels
package import OpsinVision

/// What a recipe made of an image.
public struct PreprocessedImage: Sendable {
    package let values: OpsinVision.PreprocessedImage

    /// `pixel_values`, `[1, 3, height, width]`, scaled and normalised as the recipe says.
    public var tensor: Tensor {
        Tensor(name: "pixel_values", trusted: [1, 3, values.height, values.width], values: values.channelsFirst)
    }

    /// Which part of the photo lies where in the tensor.
    package var geometry: PreprocessGeometry { values.geometry }
}

extension Model {
    /// Resizes, crops and normalises an image as the model's publisher says.
    public func preprocess(_ image: Image) throws(OpsinError) -> PreprocessedImage { try PreprocessedImage(image, recipe) }
}

extension PreprocessedImage {
    init(_ image: Image, _ recipe: PreprocessRecipe, parallel: Parallel = .serial) throws(OpsinError) {
        do {
            values = try recipe.apply(image.pixels, parallel: parallel)
        } catch {
            throw OpsinError(error)
        }
    }
}

/// Preprocessing alone, for a folder without weights.
public enum Preprocessing {
    /// The tensor that the folder's model would see.
    ///
    /// - Parameters:
    ///   - folder: holds `config.json` and, where the publisher has one, `preprocessor_config.json`.
    ///   - image: the photo.
    ///   - usesTestSize: timm's `test_input_size` and `test_crop_pct` where the folder has them.
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

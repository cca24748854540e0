package import OpsinGraph
private import OpsinModels
private import OpsinVision

extension OracleCase {
    /// The reference's input, NHWC: it follows from the photo and the folder's recipe to the last bit.
    package func input() throws -> (values: [Float], shape: Shape) {
        let opened = try description["model"] == nil ? modelFolder() : sharedModel()
        let recipe = try PreprocessRecipe(config: opened.config.json, preprocessor: opened.preprocessor?.json)
        let made = try recipe.apply(Image(contentsOf: image))
        return (made.pixels, try Shape(n: 1, h: made.height, w: made.width, c: 3))
    }
}

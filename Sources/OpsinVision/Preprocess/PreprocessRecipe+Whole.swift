extension PreprocessRecipe {
    /// The recipe that shows a model the whole picture with its aspect: as large as fits into the input that this one makes, the rest at the right and bottom
    /// is zeros after normalising. A recipe that neither squashes nor crops does so already.
    package var whole: PreprocessRecipe {
        let size: PadSize
        if let crop {
            size = PadSize(height: crop.height, width: crop.width)
        } else if case .exact(let height, let width) = resize {
            size = PadSize(height: height, width: width)
        } else {
            return self
        }
        var recipe = self
        recipe.resize = .ratio(height: size.height, width: size.width, fits: true)
        (recipe.crop, recipe.padMultiple, recipe.padSize) = (nil, nil, padSize ?? size)
        return recipe
    }
}

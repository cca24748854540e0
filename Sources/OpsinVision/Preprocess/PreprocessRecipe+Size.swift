extension PreprocessRecipe {
    /// Rows and columns that somebody wants in the place of a recipe's.
    package struct Size: Hashable, Sendable {
        package var height: Int
        package var width: Int

        package init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
    }

    /// The same recipe for an input of another size, as if the processor were made with another `size`: what is cropped stays the same share of the photo, and
    /// a recipe that keeps the aspect without cropping still does, so that its inputs then are near to that size.
    ///
    /// A shorter side with a crop that is not square any more becomes a cover of the crop's form, as timm has it (`ResizeKeepRatio`).
    func sized(_ size: Size) -> PreprocessRecipe {
        var recipe = self
        if let crop {
            let height = PreprocessRecipe.scaled(size.height, crop.height), width = PreprocessRecipe.scaled(size.width, crop.width)
            switch resize {
            case .none: break
            case .shortestEdge(let side):
                let isSquare = size.height == size.width && crop.height == crop.width
                recipe.resize = isSquare ? .shortestEdge(height(side)) : .ratio(height: height(side), width: width(side), fits: false)
            case .exact(let rows, let columns): recipe.resize = .exact(height: height(rows), width: width(columns))
            case .ratio(let rows, let columns, let fits): recipe.resize = .ratio(height: height(rows), width: width(columns), fits: fits)
            case .within(let rows, let columns): recipe.resize = .within(height: height(rows), width: width(columns))
            case .multiple(let rows, let columns, let multiple, let keeps):
                recipe.resize = .multiple(height: height(rows), width: width(columns), of: multiple, keepsAspectRatio: keeps)
            case .shortestAndLongest(let shortest, let longest):
                recipe.resize = .shortestAndLongest(shortest: min(height(shortest), width(shortest)), longest: longest.map { max(height($0), width($0)) })
            }
            recipe.crop = Crop(height: size.height, width: size.width, rounding: crop.rounding, fill: crop.fill)
        } else {
            switch resize {
            case .none, .exact: recipe.resize = .exact(height: size.height, width: size.width)
            case .shortestEdge: recipe.resize = .shortestEdge(min(size.height, size.width))
            case .ratio(_, _, let fits): recipe.resize = .ratio(height: size.height, width: size.width, fits: fits)
            case .within: recipe.resize = .within(height: size.height, width: size.width)
            case .multiple(_, _, let multiple, let keeps):
                recipe.resize = .multiple(height: size.height, width: size.width, of: multiple, keepsAspectRatio: keeps)
            case .shortestAndLongest: recipe.resize = .shortestAndLongest(shortest: min(size.height, size.width), longest: max(size.height, size.width))
            }
        }
        if padSize != nil { recipe.padSize = PadSize(height: size.height, width: size.width) }
        return recipe
    }

    /// By how much a side of a recipe with that crop grows: the products fit, since both factors are at most `largestSide`.
    private static func scaled(_ side: Int, _ crop: Int) -> (Int) -> Int {
        { value in min(max((value * side + crop / 2) / crop, 1), largestSide) }
    }
}

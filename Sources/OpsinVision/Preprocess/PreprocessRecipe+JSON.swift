package import OpsinModels

extension PreprocessRecipe {
    /// What has to be done to a picture, in the order in which it is done, for those who do it themselves.
    package var json: JSON {
        .object([
            .init("resize", resize.json), .init("filter", .string(filter.rawValue)), .init("crop", crop.map(\.json) ?? .null),
            .init("scale", .number(scale)), .init("mean", PreprocessRecipe.json(mean)), .init("std", PreprocessRecipe.json(deviation)),
            .init("channels", swapsChannels ? "bgr" : "rgb"), .init("pad_multiple", padMultiple.map { .integer($0) } ?? .null),
            .init("pad", padSize.map { [.integer($0.height), .integer($0.width)] } ?? .null),
        ])
    }

    /// What 0...255 is multiplied by before mean and deviation.
    private var scale: Double {
        switch rescale {
        case .none: 1
        case .over255: 1.0 / 255
        case .times(let factor): factor
        }
    }

    private static func json(_ values: [Float]?) -> JSON { values.map { .array($0.map { .number(Double($0)) }) } ?? .null }
}

extension PreprocessRecipe.Crop {
    fileprivate var json: JSON { ["size": [.integer(height), .integer(width)], "fill": .array(fill.map { .integer(Int($0)) })] }
}

extension PreprocessRecipe.Resize {
    fileprivate var json: JSON {
        switch self {
        case .none: .null
        case .shortestEdge(let length): ["shortest": .integer(length)]
        case .exact(let height, let width): ["size": [.integer(height), .integer(width)]]
        case .shortestAndLongest(let shortest, let longest): ["shortest": .integer(shortest), "longest": longest.map { .integer($0) } ?? .null]
        case .multiple(let height, let width, let multiple, let keeps):
            ["near": [.integer(height), .integer(width)], "multiple": .integer(multiple), "keeps_aspect_ratio": .bool(keeps)]
        case .ratio(let height, let width, let fits): [fits ? "inside" : "covering": [.integer(height), .integer(width)]]
        case .within(let height, let width): ["inside": [.integer(height), .integer(width)]]
        }
    }
}

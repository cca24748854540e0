package import OpsinVision

/// How a result is drawn.
public struct DrawOptions: Hashable, Sendable {
    /// What the drawing is laid on.
    public enum Style: String, Hashable, Sendable, CaseIterable {
        /// Over the photo.
        case overlay
        /// Mask or depth alone, in colours.
        case map
    }

    /// The colours of a depth map.
    public enum ColorMap: String, Hashable, Sendable, CaseIterable {
        /// As matplotlib has them; turbo is Google's, gray goes from black to white.
        case gray, viridis, inferno, magma, turbo, spectral

        /// The table.
        package var table: OpsinVision.ColorMap {
            switch self {
            case .gray: .gray
            case .viridis: .viridis
            case .inferno: .inferno
            case .magma: .magma
            case .turbo: .turbo
            case .spectral: .spectral
            }
        }
    }

    /// Over the photo, or alone.
    public var style = Style.overlay
    /// Colours of a depth map.
    public var colorMap = ColorMap.inferno
    /// Of mask and depth over the photo, 0 to 1.
    public var opacity: Float = 0.55
    /// Of boxes and outlines, in pixels of the picture; 0 is by its size.
    public var lineWidth: Float = 0
    /// Of letters, in pixels of the picture to the em; 0 is by its size.
    public var textHeight: Float = 0
    /// Depth: the value that gets the near end of the colour map; nil is the map's own.
    public var near: Float?
    /// Depth: the value that gets the far end; nil is the map's own.
    public var far: Float?
    /// Boxes have names and scores.
    public var showsLabels = true
    /// Names of the colours, or the scale of a depth map, are in a corner.
    public var showsLegend = false
    /// Red, green and blue of each label, 3 bytes a label; a label beyond its end has `VisionTask.color(ofLabel:)`.
    public var palette: [UInt8] = []

    /// All defaults.
    public init() {}
}

extension VisionTask {
    /// Red, green and blue in which a label is drawn: PASCAL VOC's for masks, bright ones for boxes.
    public func color(ofLabel label: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
        let color = rgb(ofLabel: label)
        return (color.red, color.green, color.blue)
    }

    package func rgb(ofLabel label: Int) -> RGBColor { self == .segment ? Palette.voc(label) : Palette.bright(label) }
}

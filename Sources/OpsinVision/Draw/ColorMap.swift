/// Colours of numbers from 0 (far) to 1 (near).
package enum ColorMap: String, CaseIterable, Sendable {
    case gray, viridis, inferno, magma, turbo, spectral

    /// 256 colours, far to near.
    package var colors: [RGBColor] {
        switch self {
        case .gray: (0...255).map { RGBColor($0, $0, $0) }
        case .viridis: ColorMap.viridisColors
        case .inferno: ColorMap.infernoColors
        case .magma: ColorMap.magmaColors
        case .turbo: ColorMap.turboColors
        case .spectral: ColorMap.spectralColors
        }
    }

    private static let viridisColors = colors(ColorMapTables.viridis)
    private static let infernoColors = colors(ColorMapTables.inferno)
    private static let magmaColors = colors(ColorMapTables.magma)
    private static let turboColors = colors(ColorMapTables.turbo)
    private static let spectralColors = colors(ColorMapTables.spectral)

    private static func colors(_ text: StaticString) -> [RGBColor] {
        let bytes = bytes(ofBase64: text)
        return (0..<bytes.count / 3).map { RGBColor(bytes[$0 * 3], bytes[$0 * 3 + 1], bytes[$0 * 3 + 2]) }
    }
}

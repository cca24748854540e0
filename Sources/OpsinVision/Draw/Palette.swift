/// Red, green and blue of a pixel.
package struct RGBColor: Hashable, Sendable {
    package let red: UInt8
    package let green: UInt8
    package let blue: UInt8

    package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

    static let black = RGBColor(0, 0, 0)
    static let white = RGBColor(255, 255, 255)

    /// Black or white, whichever is read more easily on the colour: by its luma (ITU-R BT.601).
    var readable: RGBColor { 299 * Int(red) + 587 * Int(green) + 114 * Int(blue) > 140_000 ? .black : .white }
}

/// Colours of labels.
package enum Palette {
    /// PASCAL VOC's colour of a label in a mask: the bits of the label's number, dealt to red, green and blue from the highest down. Label 0 is black.
    package static func voc(_ label: Int) -> RGBColor {
        var rest = max(label, 0), shift: UInt8 = 0x80
        var (red, green, blue): (UInt8, UInt8, UInt8) = (0, 0, 0)
        while rest > 0, shift > 0 {
            if rest & 1 != 0 { red |= shift }
            if rest & 2 != 0 { green |= shift }
            if rest & 4 != 0 { blue |= shift }
            rest >>= 3
            shift >>= 1
        }
        return RGBColor(red, green, blue)
    }

    /// PASCAL VOC's colour of pixels that belong to no label.
    package static let void = RGBColor(224, 224, 192)

    /// The colour of a label's boxes: bright, and far from those of the labels next to it, since hues advance by the golden ratio.
    package static func bright(_ label: Int) -> RGBColor {
        let label = max(label, 0)
        let turn = Float(label % 4096) * 0.618_034 + 0.36
        let (saturation, value): (Float, Float) = [(0.85, 1), (0.6, 1), (0.9, 0.8)][label % 3]
        func channel(_ offset: Float) -> UInt8 {
            // Hue, saturation and value to a channel: k is the channel's distance from the hue in sixths of a turn.
            let k = (offset + (turn - turn.rounded(.down)) * 6).truncatingRemainder(dividingBy: 6)
            return UInt8((value * (1 - saturation * max(0, min(k, 4 - k, 1))) * 255).rounded())
        }
        return RGBColor(channel(5), channel(3), channel(1))
    }

    /// The colour of a label in a caller's bytes, three a label; nil when they hold none for it.
    package static func color(_ label: Int, in bytes: [UInt8]) -> RGBColor? {
        guard label >= 0, label < bytes.count / 3 else { return nil }
        return RGBColor(bytes[label * 3], bytes[label * 3 + 1], bytes[label * 3 + 2])
    }
}

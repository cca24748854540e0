extension Lent {
    /// PASCAL VOC's colours, 3 bytes a label: the bits of the label's number, dealt to red, green and blue from the highest down.
    func palette(_ count: Int) -> UnsafePointer<UInt8> {
        var colors: [UInt8] = []
        for label in 0..<count {
            var rest = label, shift: UInt8 = 0x80
            var color: (UInt8, UInt8, UInt8) = (0, 0, 0)
            while rest > 0, shift > 0 {
                if rest & 1 != 0 { color.0 |= shift }
                if rest & 2 != 0 { color.1 |= shift }
                if rest & 4 != 0 { color.2 |= shift }
                rest >>= 3
                shift >>= 1
            }
            colors += [color.0, color.1, color.2]
        }
        return unsafe array(colors)
    }
}

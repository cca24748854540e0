internal import OpsinVision

extension DepthMap {
    /// Writes the map in the form of `path`'s extension: `.npy` or `.pfm` (float32), or a 16-bit gray `.png` stretched over `range`.
    ///
    /// - Parameters:
    ///   - path: an existing file is replaced.
    ///   - range: the values that become 0 and 65535 in a PNG; nil is the map's own least and largest. Beyond them it is clipped; no number is 0.
    public func write(to path: String, range: ClosedRange<Float>? = nil) throws(OpsinError) {
        do throws(VisionError) {
            let bytes = try contents(path, range ?? minimum...maximum)
            try OpsinVision.File.write(bytes.span, to: path)
        } catch {
            throw error.code == .unsupported ? OpsinError(.argument, error.description) : OpsinError(error, name: path)
        }
    }

    /// The bytes of a file in the form of `path`'s extension.
    private func contents(_ path: String, _ range: ClosedRange<Float>) throws(VisionError) -> [UInt8] {
        let name = path.lowercased()
        if name.hasSuffix(".npy") { return npyHeader + littleEndian(values[...]) }
        if name.hasSuffix(".pfm") { return pfm }
        if name.hasSuffix(".png") { return try Gray16(width: width, height: height, values: levels(range)).png() }
        throw VisionError(.unsupported, "expected a name that ends in .npy, .pfm or .png", path: path)
    }

    /// NumPy's header, version 1.0: a Python dictionary, padded so that the numbers begin at a multiple of 64.
    private var npyHeader: [UInt8] {
        var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(height), \(width)), }"
        text += String(repeating: " ", count: (63 - (10 + text.utf8.count) % 64 + 64) % 64) + "\n"
        return [0x93] + "NUMPY".utf8 + [1, 0, UInt8(truncatingIfNeeded: text.utf8.count), UInt8(truncatingIfNeeded: text.utf8.count >> 8)] + text.utf8
    }

    /// Portable float map: rows from the bottom up; a negative scale says little endian.
    private var pfm: [UInt8] {
        var bytes = Array("Pf\n\(width) \(height)\n-1.0\n".utf8)
        bytes.reserveCapacity(bytes.count + 4 * values.count)
        for row in (0..<height).reversed() { bytes += littleEndian(values[row * width..<(row + 1) * width]) }
        return bytes
    }

    private func levels(_ range: ClosedRange<Float>) -> [UInt16] {
        let span = Double(range.upperBound) - Double(range.lowerBound), scale = span > 0 ? 65535 / span : 0
        return values.map { value in
            let level = (Double(value) - Double(range.lowerBound)) * scale
            return level > 0 ? UInt16(min(level, 65535).rounded()) : 0
        }
    }
}

/// The numbers' bytes, lowest first.
func littleEndian(_ values: ArraySlice<Float>) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: values.count * 4) { out, count in
        for (place, value) in values.enumerated() {
            unsafe UnsafeMutableRawBufferPointer(out).storeBytes(of: value.bitPattern.littleEndian, toByteOffset: place * 4, as: UInt32.self)
        }
        count = values.count * 4
    }
}

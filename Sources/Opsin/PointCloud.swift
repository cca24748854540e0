internal import OpsinVision

extension DepthMap {
    /// Writes metric depth as a point cloud: binary PLY, a vertex for each pixel that has a depth above 0.
    ///
    /// The camera is a pinhole in the middle of the image: x to the right, y down, z forward, in metres.
    ///
    /// - Parameters:
    ///   - path: an existing file is replaced.
    ///   - focalLength: of the camera, in pixels of the upright image; above 0.
    ///   - image: the photo, for the colours; of the map's size. Nil: no colours.
    public func writePointCloud(to path: String, focalLength: Double, image: Image? = nil) throws(OpsinError) {
        guard kind == .metric else {
            throw OpsinError(.argument, "a point cloud needs metric depth, the map is \(kind.rawValue)")
        }
        guard focalLength > 0, focalLength.isFinite else { throw OpsinError(.argument, "the focal length is \(focalLength), expected pixels above 0") }
        guard path.lowercased().hasSuffix(".ply") else { throw OpsinError(.argument, "\(path): expected a name that ends in .ply") }
        let colors = image?.pixels.rgb()
        if let colors, (colors.width, colors.height) != (width, height) {
            throw OpsinError(.argument, "the image is \(colors.width) x \(colors.height), expected the depth map's \(width) x \(height)")
        }
        let bytes = ply(focalLength, colors?.pixels)
        do {
            try OpsinVision.File.write(bytes.span, to: path)
        } catch {
            throw OpsinError(error, name: path)
        }
    }

    private func ply(_ focalLength: Double, _ colors: [UInt8]?) -> [UInt8] {
        let points = values.indices.filter { values[$0].isFinite && values[$0] > 0 }
        var header = "ply\nformat binary_little_endian 1.0\ncomment Opsin: x right, y down, z forward, in metres\nelement vertex \(points.count)\n"
        header += "property float x\nproperty float y\nproperty float z\n"
        if colors != nil { header += "property uchar red\nproperty uchar green\nproperty uchar blue\n" }
        var bytes = Array((header + "end_header\n").utf8)
        bytes.reserveCapacity(bytes.count + points.count * (colors == nil ? 12 : 15))
        for point in points {
            let z = Double(values[point])
            let x = (Double(point % width) + 0.5 - Double(width) / 2) * z / focalLength
            let y = (Double(point / width) + 0.5 - Double(height) / 2) * z / focalLength
            for number in [Float(x), Float(y), values[point]] {
                unsafe withUnsafeBytes(of: number.bitPattern.littleEndian) { unsafe bytes.append(contentsOf: $0) }
            }
            if let colors { bytes += colors[point * 3..<point * 3 + 3] }
        }
        return bytes
    }
}

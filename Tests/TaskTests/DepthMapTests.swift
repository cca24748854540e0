import Foundation
import Opsin
import OpsinVision
import Testing

/// The files of a depth map, byte by byte.
@Suite struct DepthMapTests {
    /// Three columns, two rows, one of them no number.
    func map(_ kind: DepthMap.Kind = .metric) -> DepthMap {
        DepthMap(kind: kind, width: 3, height: 2, values: [1, 2, .nan, 0.5, 4, -1], minimum: -1, maximum: 4)
    }

    func written(_ name: String, _ write: (String) throws -> Void) throws -> [UInt8] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("opsin-\(UUID().uuidString)-\(name)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(path)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) })
        }
    }

    @Test func npyIsNumpys() throws {
        let bytes = try written("map.npy") { try map().write(to: $0) }
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
        #expect(bytes.count == 128 + 24 && Array(bytes[..<10]) == [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0])
        #expect(String(decoding: bytes[10..<128], as: UTF8.self) == header.padding(toLength: 117, withPad: " ", startingAt: 0) + "\n")
        let values = floats(bytes[128...])
        #expect(values[2].isNaN && values.filter { !$0.isNaN } == [1, 2, 0.5, 4, -1])
    }

    @Test func pfmIsBottomUp() throws {
        let bytes = try written("map.pfm") { try map().write(to: $0) }, header = Array("Pf\n3 2\n-1.0\n".utf8)
        #expect(Array(bytes.prefix(header.count)) == header && bytes.count == header.count + 24)
        #expect(Array(floats(bytes[header.count...]).prefix(5)) == [0.5, 4, -1, 1, 2])
    }

    @Test func pngIsStretchedAndClipped() throws {
        func levels(_ range: ClosedRange<Float>?) throws -> OpsinVision.Image {
            let bytes = try written("map.png") { try map().write(to: $0, range: range) }
            // 8 of the 16 bits: v / 257, rounded.
            return try OpsinVision.Image(decoding: bytes.span)
        }
        #expect(try levels(nil).pixels == [102, 153, 0, 77, 255, 0])
        #expect(try levels(0.5...2).pixels == [85, 255, 0, 0, 255, 0])
        #expect(try levels(1...1).pixels == [0, 0, 0, 0, 0, 0])
    }

    @Test func aPointCloudIsWhatThePinholeSees() throws {
        let photo = try Opsin.Image(width: 3, height: 2, channels: 3, pixels: (0..<18).map { UInt8($0) })
        let bytes = try written("cloud.ply") { try map().writePointCloud(to: $0, focalLength: 2, image: photo) }
        let end = try #require(String(decoding: bytes.prefix(400), as: UTF8.self).range(of: "end_header\n"))
        let header = String(decoding: bytes.prefix(400), as: UTF8.self)[..<end.upperBound], body = Array(bytes.dropFirst(header.utf8.count))
        #expect(header.hasPrefix("ply\nformat binary_little_endian 1.0\n") && header.contains("element vertex 4\n") && body.count == 4 * 15)
        // Column 0, row 0, 1 m away: half a pixel up and one to the left of the middle, each over the focal length.
        #expect(floats(body[..<12]) == [-0.5, -0.25, 1] && Array(body[12..<15]) == [0, 1, 2])
        // Column 1, row 1, 4 m away.
        #expect(floats(body[45..<57]) == [0, 1, 4] && Array(body[57...]) == [12, 13, 14])
        let plain = try written("plain.ply") { try map().writePointCloud(to: $0, focalLength: 2) }
        #expect(!String(decoding: plain.prefix(200), as: UTF8.self).contains("uchar"))
    }

    @Test func whatCannotBeWrittenIsNamed() throws {
        let small = try Opsin.Image(width: 1, height: 1, channels: 1, pixels: [7])
        for (write, part) in [
            ({ try map().write(to: "/tmp/never.exr") }, "expected a name that ends in .npy, .pfm or .png"),
            ({ try map(.relative).writePointCloud(to: "/tmp/never.ply", focalLength: 1) }, "a point cloud needs metric depth, the map is relative"),
            ({ try map().writePointCloud(to: "/tmp/never.ply", focalLength: 0) }, "the focal length is 0.0"),
            ({ try map().writePointCloud(to: "/tmp/never.ply", focalLength: .nan) }, "the focal length is nan"),
            ({ try map().writePointCloud(to: "/tmp/never.obj", focalLength: 1) }, "expected a name that ends in .ply"),
            ({ try map().writePointCloud(to: "/tmp/never.ply", focalLength: 1, image: small) }, "the image is 1 x 1, expected the depth map's 3 x 2"),
            ({ try map().write(to: "/nowhere/map.npy") }, "/nowhere/map.npy: cannot be written"),
        ] as [(() throws -> Void, String)] {
            let error = #expect(throws: OpsinError.self) { try write() }
            #expect(error?.description.contains(part) == true, "\(String(describing: error)): \(part)")
        }
    }

    @Test func percentilesAreOfFiniteValues() {
        #expect(map().percentile(0) == -1 && map().percentile(50) == 1 && map().percentile(100) == 4 && map().percentile(75) == 2)
    }
}

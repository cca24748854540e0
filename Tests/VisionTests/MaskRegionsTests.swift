import OpsinVision
import Testing

/// Connected regions, outlines, run lengths and files of masks.
@Suite struct MaskRegionsTests {
    /// A mask drawn in digits; a dot is outside.
    struct Drawn {
        let width: Int
        let height: Int
        let labels: [UInt16]

        init(_ rows: String...) {
            (width, height) = (rows[0].count, rows.count)
            labels = rows.joined().map { $0 == "." ? LabelMask.outside : UInt16($0.wholeNumberValue ?? 0) }
        }

        var regions: [MaskRegion] { LabelMask.regions(of: labels, width: width, height: height) }

        func outline(_ region: MaskRegion) -> [Float] {
            LabelMask.outline(of: labels, width: width, height: height, column: region.firstColumn, row: region.top)
        }
    }

    @Test func pixelsThatTouchAtEdgesAreOneRegion() {
        let drawn = Drawn(
            "1121.",
            "12211",
            "12111",
            "11133")
        #expect(
            drawn.regions == [
                MaskRegion(label: 1, pixels: 13, left: 0, top: 0, right: 5, bottom: 4, firstColumn: 0),
                MaskRegion(label: 2, pixels: 4, left: 1, top: 0, right: 3, bottom: 3, firstColumn: 2),
                MaskRegion(label: 3, pixels: 2, left: 3, top: 3, right: 5, bottom: 4, firstColumn: 3),
            ])
    }

    /// A U whose arms meet below, corners that touch diagonally only, and a frame around something.
    @Test func arms() {
        let joined = Drawn("101", "101", "111").regions
        #expect(joined.map(\.pixels) == [7, 2] && joined[0].firstColumn == 0)
        #expect(Drawn("10", "01").regions.map(\.pixels) == [1, 1, 1, 1])
        #expect(Drawn("1111", "1001", "1111").regions.map { [$0.label, $0.pixels] } == [[1, 10], [0, 2]])
        // Ties by the first pixel.
        #expect(Drawn("021", "021").regions.map(\.label) == [0, 2, 1])
        #expect(Drawn("..").regions.isEmpty && LabelMask.regions(of: [1], width: 2, height: 1).isEmpty)
    }

    @Test func outlinesRunClockwiseAlongTheEdges() {
        #expect(Drawn("1").outline(Drawn("1").regions[0]) == [0, 0, 1, 0, 1, 1, 0, 1])
        let step = Drawn("10", "11")
        #expect(step.outline(step.regions[0]) == [0, 0, 1, 0, 1, 1, 2, 1, 2, 2, 0, 2])
        // Round the corner where the region touches itself, and not into the hole.
        let hook = Drawn(
            "0110",
            "0101",
            "0111")
        let region = hook.regions.first { $0.label == 1 }
        #expect(region.map { hook.outline($0) } == [1, 0, 3, 0, 3, 1, 2, 1, 2, 2, 3, 2, 3, 1, 4, 1, 4, 3, 1, 3])
        // Pixels at the same corner that belong to another region are not walked into.
        let corners = Drawn("10", "01")
        #expect(corners.outline(corners.regions[0]) == [0, 0, 1, 0, 1, 1, 0, 1])
        // No region begins there.
        #expect(LabelMask.outline(of: [1, 1, 1, 1], width: 2, height: 2, column: 1, row: 1).isEmpty)
        #expect(LabelMask.outline(of: [1], width: 1, height: 1, column: 1, row: 0).isEmpty)
    }

    /// The area inside of the outline is the region's, by the shoelace formula, for a region without holes.
    @Test func theOutlineEnclosesTheRegion() {
        let width = 61, height = 47
        let labels = (0..<width * height).map { at in
            let x = at % width - 30, y = at / width - 22
            return UInt16(x * x + 2 * y * y < 500 || (abs(x) < 4 && y > 0) ? 1 : 0)
        }
        let disk = LabelMask.regions(of: labels, width: width, height: height).first { $0.label == 1 }
        let points = disk.map { LabelMask.outline(of: labels, width: width, height: height, column: $0.firstColumn, row: $0.top) } ?? []
        var doubled: Float = 0
        for at in stride(from: 0, to: points.count, by: 2) {
            let next = (at + 2) % points.count
            doubled += points[at] * points[next + 1] - points[next] * points[at + 1]
        }
        #expect(disk.map { Float(2 * $0.pixels) } == doubled && points.count > 20)
    }

    /// pycocotools 2.0: `mask.encode(np.asfortranarray(a))["counts"]`, the last one of `np.hypot(x - 60, y - 30) < 25` on 131 x 70 pixels.
    @Test func runLengthsAreCOCOs() {
        let small = Drawn("0110", "0100", "1111")
        func text(_ label: Int, _ drawn: Drawn) -> String {
            LabelMask.compressed(LabelMask.runs(of: label, in: drawn.labels, width: drawn.width, height: drawn.height))
        }
        #expect(text(1, small) == "251L10")
        #expect(text(2, small) == "<" && text(70000, small) == "<")
        #expect(text(1, Drawn("1111", "1111", "1111")) == "0<")
        let disk = (0..<70).flatMap { y in (0..<131).map { x in UInt16((x - 60) * (x - 60) + (y - 30) * (y - 30) < 625 ? 1 : 0) } }
        let runs = LabelMask.runs(of: 1, in: disk, width: 131, height: 70)
        #expect(
            LabelMask.compressed(runs)
                == "`_2=f16K4L4M2M4M2N2N2O0O2N2O0O2O0O2O000O2O000000000000000000000001N10001N101N101N2N101N2N2N3L3N3L4L5JoS3")
        #expect(runs.reduce(0, +) == 131 * 70)
    }

    @Test func filesHoldTheNumbersAndVOCsColours() throws {
        let file = try LabelPNG(width: 3, height: 1, labels: [0, 8, LabelMask.outside]).bytes()
        // Bit depth 8, a palette; decoded, the colours of background, cat and void.
        #expect(file[24] == 8 && file[25] == 3)
        #expect(try Image(decoding: file.span).pixels == [0, 0, 0, 64, 0, 0, 224, 224, 192])
        // All 256 labels beside each other, and none outside.
        #expect(try LabelPNG(width: 2, height: 1, labels: [255, 1]).bytes()[24] == 8)
        for labels: [UInt16] in [[256, 1], [255, LabelMask.outside]] {
            let wide = try LabelPNG(width: 2, height: 1, labels: labels).bytes()
            #expect(wide[24] == 16 && wide[25] == 0)
        }
        #expect(throws: VisionError.self) { try LabelPNG(width: 2, height: 2, labels: [1]) }
        #expect(throws: VisionError.self) { try LabelPNG(width: 1, height: 1, labels: [1]).write(to: "/tmp/mask.jpg") }
    }
}

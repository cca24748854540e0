import OpsinVision
import Testing

/// Canvas, colours, masks and depth maps.
@Suite struct DrawTests {
    /// A gray picture of one value.
    func plain(_ width: Int, _ height: Int, _ value: UInt8 = 100) throws -> Image {
        try Image(width: width, height: height, channels: 3, pixels: [UInt8](repeating: value, count: width * height * 3))
    }

    func color(_ image: Image, _ x: Int, _ y: Int) -> [Int] { (0..<3).map { Int(image.pixels[(y * image.width + x) * 3 + $0]) } }

    let boxes = [
        NamedBox(x0: 20, y0: 30, x1: 90, y1: 80, name: "cat", detail: " 0.98", color: RGBColor(255, 0, 0)),
        NamedBox(x0: -50, y0: .nan, x1: .infinity, y1: -.infinity, name: "nothing that a model should say", color: RGBColor(0, 255, 0)),
        NamedBox(x0: -1e30, y0: 90, x1: 1e30, y1: 95, name: "", color: RGBColor(0, 0, 255)),
    ]

    /// Every format, with gaps between rows and upside down, holds the same drawing; alpha and gaps stay.
    @Test(arguments: [PixelFormat.rgb8, .bgr8, .rgba8, .bgra8], [1, -1])
    func everyFormatHoldsTheSameDrawing(_ format: PixelFormat, direction: Int) throws {
        let expected = try plain(120, 100).drawn { $0.draw(boxes, DrawScale($0)) }
        let rowBytes = 120 * format.bytesPerPixel, stride = rowBytes + 7
        var memory = [UInt8](repeating: 100, count: stride * 100 + 64)
        try unsafe memory.withUnsafeMutableBytes { bytes in
            let base = unsafe try #require(bytes.baseAddress) + 32 + (direction < 0 ? stride * 99 : 0)
            let canvas = unsafe try Canvas(data: base, format: format, width: 120, height: 100, strideBytes: stride * direction)
            canvas.draw(boxes, DrawScale(canvas))
        }
        var touched = 0, differing = 0
        for y in 0..<100 {
            let row = 32 + (direction < 0 ? 99 - y : y) * stride
            for x in 0..<120 {
                let at = row + x * format.bytesPerPixel
                let order = format == .rgb8 || format == .rgba8 ? [0, 1, 2] : [2, 1, 0]
                if order.map({ Int(memory[at + $0]) }) != color(expected, x, y) { differing += 1 }
                if color(expected, x, y) != [100, 100, 100] { touched += 1 }
                if format.bytesPerPixel == 4 { #expect(memory[at + 3] == 100) }
            }
            #expect(memory[(row + rowBytes)..<(row + stride)].allSatisfy { $0 == 100 })
        }
        #expect(differing == 0)
        #expect(touched > 500)
        #expect(memory.prefix(32).allSatisfy { $0 == 100 } && memory.suffix(32 - 7).allSatisfy { $0 == 100 })
    }

    @Test func linesLieOnTheEdgesOfABox() throws {
        let image = try plain(120, 100).drawn { $0.draw([boxes[0]], DrawScale($0, lineWidth: 2, textHeight: 50)) }
        for (x, y) in [(19, 50), (20, 50), (89, 50), (90, 50), (50, 29), (50, 30), (50, 79), (50, 80)] { #expect(color(image, x, y) == [255, 0, 0]) }
        for (x, y) in [(21, 50), (88, 50), (50, 31), (50, 78)] { #expect(color(image, x, y) == [100, 100, 100]) }
        // Behind the rim of one dark pixel nothing is touched; 50 pixels of text have no room on this picture.
        for (x, y) in [(17, 50), (92, 50), (50, 27), (50, 82)] { #expect(color(image, x, y) == [100, 100, 100]) }
    }

    @Test(arguments: [(1, 1), (16, 16), (1, 4000), (3000, 2), (40, 90)])
    func anySizeCanBeDrawnOn(_ width: Int, _ height: Int) throws {
        let mask = try MaskDrawing(labels: [0, 1, 2, 65_535], width: 2, height: 2, colors: [1: RGBColor(1, 2, 3), 2: RGBColor(4, 5, 6)], hidden: [0])
        let depth = try DepthDrawing(values: [1, .nan, .infinity, -.infinity], width: 2, height: 2, near: 1, far: 1, map: .turbo)
        let image = try plain(width, height).drawn { canvas in
            let scale = DrawScale(canvas)
            canvas.draw(boxes, scale)
            canvas.draw(over: mask, opacity: 0.5, scale)
            canvas.draw(depth, opacity: 1)
            canvas.draw(legend: (0..<50).map { LegendEntry(Palette.bright($0), "label \($0)", share: Float($0)) }, scale)
            canvas.draw(scaleOf: depth, title: "metres", scale)
        }
        #expect((image.width, image.height) == (width, height))
    }

    @Test func aCanvasOfNonsenseIsRefused() throws {
        var memory = [UInt8](repeating: 0, count: 64)
        unsafe memory.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            #expect(throws: VisionError.self) { unsafe try Canvas(data: base, format: .gray8, width: 2, height: 2) }
            #expect(throws: VisionError.self) { unsafe try Canvas(data: base, format: .rgb8, width: 0, height: 2) }
            #expect(throws: VisionError.self) { unsafe try Canvas(data: base, format: .rgb8, width: 2, height: 70_000) }
            #expect(throws: VisionError.self) { unsafe try Canvas(data: base, format: .rgb8, width: 2, height: 2, strideBytes: 5) }
            #expect(throws: VisionError.self) { unsafe try Canvas(data: base, format: .rgb8, width: 2, height: 2, strideBytes: .min) }
        }
        #expect(throws: VisionError.self) { try MaskDrawing(labels: [1], width: 2, height: 2, colors: [:]) }
        #expect(throws: VisionError.self) { try DepthDrawing(values: [1], width: 2, height: 2, near: 0, far: 1, map: .gray) }
    }

    /// Hidden labels leave the photo, unseen pixels become half as bright, a label's edge is opaque and its inside mixed by the opacity.
    @Test func aMaskLiesOverThePhoto() throws {
        let labels: [UInt16] = (0..<400).map { $0 % 20 < 10 ? 0 : $0 % 20 < 18 ? 5 : 65_535 }
        let mask = try MaskDrawing(labels: labels, width: 20, height: 20, colors: [0: .init(9, 9, 9), 5: .init(200, 0, 40)], hidden: [0])
        let over = try plain(20, 20).drawn { $0.draw(over: mask, opacity: 0.5, DrawScale($0, lineWidth: 1)) }
        #expect(color(over, 3, 10) == [100, 100, 100])
        #expect(color(over, 10, 10) == [200, 0, 40])
        #expect(color(over, 13, 10) == [150, 50, 70])
        #expect(color(over, 17, 10) == [200, 0, 40])
        #expect(color(over, 19, 10) == [50, 50, 50])
        let map = try plain(40, 40).drawn { $0.draw(map: mask) }
        #expect(color(map, 6, 20) == [9, 9, 9] && color(map, 30, 20) == [200, 0, 40] && color(map, 39, 39) == [224, 224, 192])
    }

    @Test func depthGoesFromFarToNear() throws {
        let depth = try DepthDrawing(values: [2, 4, 6, .nan, 60, -60], width: 6, height: 1, near: 2, far: 6, map: .inferno)
        let image = try plain(6, 1).drawn { $0.draw(depth, opacity: 1) }
        let (nearest, farthest) = ([252, 254, 164], [0, 0, 3])
        #expect(color(image, 0, 0) == nearest && color(image, 1, 0) == [187, 55, 84] && color(image, 2, 0) == farthest)
        #expect(color(image, 3, 0) == [0, 0, 0] && color(image, 4, 0) == farthest && color(image, 5, 0) == nearest)
        let over = try plain(6, 1).drawn { $0.draw(depth, opacity: 0.5) }
        #expect(color(over, 0, 0) == [176, 177, 132] && color(over, 3, 0) == [100, 100, 100])
    }

    /// Matplotlib's own bytes: Scripts/color_maps.py.
    @Test(arguments: [
        (ColorMap.viridis, [68, 1, 84], [32, 144, 140], [253, 231, 36]), (.inferno, [0, 0, 3], [187, 55, 84], [252, 254, 164]),
        (.magma, [0, 0, 3], [182, 54, 121], [251, 252, 191]), (.turbo, [48, 18, 59], [164, 252, 59], [122, 4, 2]),
        (.spectral, [94, 79, 162], [254, 254, 189], [158, 1, 66]), (.gray, [0, 0, 0], [128, 128, 128], [255, 255, 255]),
    ])
    func colorMapsAreTheirSources(_ map: ColorMap, _ first: [UInt8], _ middle: [UInt8], _ last: [UInt8]) {
        let colors = map.colors
        #expect(colors.count == 256)
        for (at, expected) in [(0, first), (128, middle), (255, last)] where at < colors.count {
            #expect([colors[at].red, colors[at].green, colors[at].blue] == expected)
        }
    }

    /// The VOC development kit's own table; bright colours are far from those of the labels around.
    @Test func labelsHaveTheirColors() {
        let voc: [(Int, RGBColor)] = [
            (0, .init(0, 0, 0)), (1, .init(128, 0, 0)), (2, .init(0, 128, 0)), (3, .init(128, 128, 0)), (8, .init(64, 0, 0)), (15, .init(192, 128, 128)),
            (20, .init(0, 64, 128)), (255, .init(224, 224, 192)),
        ]
        for (label, color) in voc { #expect(Palette.voc(label) == color) }
        func distance(_ a: RGBColor, _ b: RGBColor) -> Int {
            abs(Int(a.red) - Int(b.red)) + abs(Int(a.green) - Int(b.green)) + abs(Int(a.blue) - Int(b.blue))
        }
        for label in 0..<91 {
            for other in label + 1..<label + 8 { #expect(distance(Palette.bright(label), Palette.bright(other)) > 60, "\(label) and \(other)") }
        }
        #expect(Palette.bright(-3) == Palette.bright(0) && Palette.voc(-3) == Palette.voc(0))
        _ = (Palette.bright(.max), Palette.voc(.max))
        #expect(Palette.color(1, in: [1, 2, 3, 4, 5, 6, 7]) == RGBColor(4, 5, 6) && Palette.color(2, in: [1, 2, 3, 4, 5, 6, 7]) == nil)
    }

    @Test func picturesStandSideBySide() throws {
        let both = try plain(3, 2, 10).beside(try Image(width: 1, height: 3, channels: 1, pixels: [7, 8, 9]))
        #expect((both.width, both.height) == (4, 3))
        #expect(color(both, 0, 0) == [10, 10, 10] && color(both, 3, 1) == [8, 8, 8] && color(both, 3, 2) == [9, 9, 9] && color(both, 2, 2) == [0, 0, 0])
    }

    @Test func jpegKeepsThePicture() throws {
        let image = try plain(70, 50).drawn { $0.draw(boxes, DrawScale($0)) }
        let file = try image.jpeg()
        let back = try Image(decoding: file.span)
        #expect((back.width, back.height, back.channels) == (70, 50, 3))
        let error = zip(image.pixels, back.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(error < image.pixels.count * 4)
        #expect(try image.jpeg(quality: 30).count < image.jpeg(quality: 95).count)
        let gray = try Image(width: 2, height: 2, channels: 1, pixels: [9, 9, 9, 9]).jpeg()
        #expect(try Image(decoding: gray.span).channels == 1)
        #expect(throws: VisionError.self) { try image.jpeg(quality: 0) }
        #expect(throws: VisionError.self) { try Image(width: 66_000, height: 1, channels: 1, pixels: [UInt8](repeating: 0, count: 66_000)).jpeg() }
    }
}

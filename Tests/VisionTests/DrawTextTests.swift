import OpsinVision
import Testing

/// Letters, tags and legends.
@Suite struct DrawTextTests {
    func black(_ width: Int, _ height: Int, _ draw: (Canvas) -> Void) throws -> Image {
        try Image(width: width, height: height, channels: 3, pixels: [UInt8](repeating: 0, count: width * height * 3)).drawn(draw)
    }

    /// Pixels that are covered, each as far as it is.
    func cover(_ image: Image) -> Double { Double(image.pixels.reduce(0) { $0 + Int($1) }) / 765 }

    /// fontTools' AreaPen on Roboto Medium: the area of a letter in square em times 10,000; and its advance in em.
    static let areas: [(String, Double, Float)] = [
        ("W", 2777.72, 0.88037), ("o", 1436.38, 0.56934), ("%", 1678.67, 0.73438), ("8", 1981.84, 0.56836), ("g", 2031.94, 0.56689),
        ("é", 1660.82, 0.53662), ("€", 1592.33, 0.56836),
    ]

    @Test(arguments: areas)
    func aLetterCoversItsArea(_ letter: String, _ area: Double, _ advance: Float) throws {
        let large = try black(160, 160) { $0.draw(letter, x: 20.3, y: 120.7, size: 100, .init(255, 255, 255)) }
        #expect(abs(cover(large) - area) < area * 0.01, "\(cover(large))")
        // At 12 pixels what is lost is the rounding of a pixel's cover.
        let small = try black(40, 40) { $0.draw(letter, x: 5.6, y: 25.2, size: 12, .init(255, 255, 255)) }
        #expect(abs(cover(small) - area * 0.0144) < area * 0.0144 * 0.04, "\(cover(small))")
        #expect(abs(Font.width(letter, size: 100) - advance * 100) < 0.2)
    }

    @Test func lettersStandOnTheirLine() throws {
        let image = try black(100, 100) { $0.draw("H", x: 10, y: 80, size: 60, .init(255, 255, 255)) }
        let rows = (0..<100).filter { y in (0..<100).contains { x in image.pixels[(y * 100 + x) * 3] > 200 } }
        // 1456 of 2048 units high.
        #expect(rows.last == 79 && rows.first == 80 - 42)
    }

    @Test func whatTheFontLacksIsABox() throws {
        let box = try black(60, 60) { $0.draw("車", x: 10, y: 40, size: 30, .init(255, 255, 255)) }
        #expect(cover(box) > 20)
        #expect(try cover(black(60, 60) { $0.draw("\n\t", x: 10, y: 40, size: 30, .init(255, 255, 255)) }) == 0)
        #expect(Font.fitted("a long name", width: 40, size: 13) == "a lon…" && Font.fitted("short", width: 400, size: 13) == "short")
        #expect(Font.fitted("wide", width: 1, size: 13) == "")
    }

    /// 300 boxes of a fixed sequence: each tag is on the canvas and none covers another.
    @Test func tagsDoNotCoverEachOther() {
        var placer = TagPlacer(width: 640, height: 480)
        var seed: UInt32 = 7
        func next(_ limit: Int) -> Int {
            seed = seed &* 1_664_525 &+ 1_013_904_223
            return Int(seed >> 8) % limit
        }
        var tags: [PixelRect] = []
        for _ in 0..<300 {
            let box = PixelRect(x: next(700) - 30, y: next(540) - 30, width: next(300), height: next(300))
            if let tag = placer.place(width: 20 + next(120), height: 17, at: box) { tags.append(tag) }
        }
        #expect(tags.count > 60)
        for (index, tag) in tags.enumerated() {
            #expect(tag.x >= 0 && tag.y >= 0 && tag.x + tag.width <= 640 && tag.y + tag.height <= 480)
            #expect(!tags[..<index].contains { $0.overlaps(tag) })
        }
    }

    /// The tag of a small object lies beside it, that of one at the top edge within it.
    @Test func tagsStayNearTheirBoxes() {
        var placer = TagPlacer(width: 200, height: 200)
        #expect(placer.place(width: 50, height: 17, at: PixelRect(x: 100, y: 100, width: 10, height: 10)) == PixelRect(x: 100, y: 83, width: 50, height: 17))
        #expect(placer.place(width: 50, height: 17, at: PixelRect(x: 10, y: 0, width: 90, height: 150)) == PixelRect(x: 10, y: 0, width: 50, height: 17))
        #expect(placer.place(width: 50, height: 17, at: PixelRect(x: 180, y: 0, width: 10, height: 10)) == PixelRect(x: 150, y: 10, width: 50, height: 17))
        #expect(placer.place(width: 300, height: 17, at: PixelRect(x: 0, y: 100, width: 10, height: 10)) == nil)
    }

    /// The end of a long name makes room for its score.
    @Test func longNamesAreCut() throws {
        func draw(_ name: String) throws -> Image {
            try black(400, 300) { canvas in
                canvas.draw([NamedBox(x0: 50, y0: 100, x1: 300, y1: 250, name: name, detail: " 0.55", color: .init(0, 90, 0))], DrawScale(canvas))
            }
        }
        let long = String(repeating: "abcdefgh ", count: 30)
        #expect(try draw(long).pixels == draw(long + "more").pixels)
        #expect(try draw("abc").pixels != draw("abd").pixels)
    }

    @Test func aLegendLiesInItsCorner() throws {
        let image = try black(400, 300) { canvas in
            canvas.draw(legend: [LegendEntry(.init(255, 0, 0), "cat"), LegendEntry(.init(0, 255, 0), "dog")], DrawScale(canvas))
        }
        let lit = (0..<400 * 300).filter { image.pixels[$0 * 3] > 0 || image.pixels[$0 * 3 + 1] > 0 }
        #expect(lit.count > 2000)
        #expect(lit.allSatisfy { $0 / 400 > 220 && $0 % 400 < 90 })
        #expect(lit.contains { image.pixels[$0 * 3] == 255 && image.pixels[$0 * 3 + 1] == 0 })
    }

    static let numbers: [(Float, String)] = [
        (0, "0"), (1, "1.00"), (-2.5, "-2.50"), (12.34, "12.3"), (0.0512, "0.051"), (999.6, "1000"), (1e9, "1e+09"), (.infinity, "inf"), (.nan, "nan"),
    ]

    @Test(arguments: numbers)
    func numbersAreShort(_ value: Float, _ text: String) { #expect(short(value) == text) }
}

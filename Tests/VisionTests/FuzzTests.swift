import OpsinVision
import Testing

/// Mutated image files: each must give pixels or an error; the process lives, and does not grow.
@Suite struct FuzzTests {
    /// SplitMix64: the same numbers on every machine.
    struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }

    static let seeds = [
        "jpeg_420.jpg", "jpeg_progressive_420.jpg", "jpeg_cmyk_adobe.jpg", "jpeg_orientation_6.jpg", "png_rgb8.png", "png_palette4_trns_interlaced.png",
        "png_exif_orientation_6.png", "png_gray16_interlaced.png", "webp_lossy_alpha.webp", "webp_lossless.webp", "webp_exif_orientation_5.webp", "bmp_24.bmp",
        "bmp_rle8.bmp", "bmp_1.bmp", "ppm.ppm", "ppm_16.ppm", "ppm_ascii.ppm", "pbm.pbm", "pgm_ascii.pgm", "bmp_palette8.bmp",
    ]

    /// 100 mutants of each of the 20 files: bytes changed, cut out, doubled, and the end cut off; half of them near the header.
    @Test(arguments: seeds) func mutantsGiveAnImageOrAnError(_ name: String) throws {
        let original = try File.read(Oracle.resources + "/decode/in/" + name)
        var numbers = Numbers(state: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        for _ in 0..<100 {
            var bytes = original
            let reach = Bool.random(using: &numbers) ? min(64, bytes.count) : bytes.count
            for _ in 0..<([1, 2, 8, 40].randomElement(using: &numbers) ?? 1) where !bytes.isEmpty {
                let at = Int.random(in: 0..<min(reach, bytes.count), using: &numbers)
                switch Int.random(in: 0..<8, using: &numbers) {
                case 0: bytes.remove(at: at)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &numbers), at: at)
                case 2: bytes[at] = [0, 1, 127, 128, 255].randomElement(using: &numbers) ?? 0
                case 3: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
                case 4 where at > bytes.count / 2: bytes.removeLast(bytes.count - at)
                default: bytes[at] = UInt8.random(in: 0...255, using: &numbers)
                }
            }
            do {
                let image = try Image(decoding: bytes.span)
                #expect(image.pixels.count == image.width * image.height * image.channels)
            } catch {
                #expect(!error.reason.isEmpty && !error.reason.contains("\n"))
            }
        }
    }
}

import CCodecs
import Foundation
import OpsinVision
import Testing

/// JPEGs decoded in parts by several threads against one thread that decodes all: the same pixels, the same errors.
@Suite struct JPEGPartsTests {
    struct Outcome: Equatable {
        var status: Int32 = 0
        var message = ""
        var pixels: [UInt8] = []
    }

    func header(_ bytes: [UInt8], shortest: UInt32 = 0) -> opsin_codec_info? {
        var info = opsin_codec_info(), message = [CChar](repeating: 0, count: Int(OPSIN_CODEC_MESSAGE))
        return unsafe opsin_jpeg_header(bytes, bytes.count, shortest, &info, &message) == 0 ? info : nil
    }

    func decode(_ bytes: [UInt8], _ header: opsin_codec_info, threads: UInt32) -> Outcome {
        var info = header, message = [CChar](repeating: 0, count: Int(OPSIN_CODEC_MESSAGE)), outcome = Outcome()
        outcome.pixels = [UInt8](repeating: 7, count: Int(info.width) * Int(info.height) * Int(info.channels))
        outcome.status = unsafe opsin_jpeg_decode(bytes, bytes.count, &info, threads, &outcome.pixels, &message)
        outcome.message = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // What a failed decode leaves is nobody's.
        if outcome.status != 0 { outcome.pixels = [] }
        return outcome
    }

    /// Whether the file's rows can be had as they are decoded.
    @discardableResult func agree(_ bytes: [UInt8], _ name: String, shortest: UInt32 = 0) -> Bool {
        guard let info = header(bytes, shortest: shortest) else { return false }
        let whole = decode(bytes, info, threads: 0)
        for threads in [1, 2, 3, 4, 9] as [UInt32] {
            let parts = decode(bytes, info, threads: threads)
            #expect(parts.status == whole.status && parts.message == whole.message, "\(name) on \(threads) threads: \(parts.message)")
            let off = zip(parts.pixels, whole.pixels).count { $0 != $1 }
            #expect(off == 0, "\(name) on \(threads) threads: \(off) samples differ")
        }
        var header = info
        return unsafe opsin_jpeg_decode_rows(bytes, bytes.count, &header, 1, 0, info.height, { _, _, _, _, _ in }, nil) == OPSIN_CODEC_OK
    }

    static let files: [String] = {
        let root = Oracle.folder(of: Oracle.folder(of: Oracle.folder(of: #filePath)))
        let folders = ["decode/in", "malformed/in", "preprocess"].map { Oracle.resources + "/" + $0 } + [root + "/Examples/images"]
        return folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".jpg") }.sorted().map { folder + "/" + $0 }
        }
    }()

    /// Every subsampling, gray, CMYK, restart markers, odd sizes, and what is broken.
    @Test func everyFileGivesTheSame() throws {
        let undamaged = try Self.files.count { agree([UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))), $0) }
        #expect(undamaged > 30 && undamaged < Self.files.count)
    }

    @Test func reducedDecodesGiveTheSame() throws {
        for path in Self.files.suffix(4) {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            for shortest in [40, 80, 140] as [UInt32] { agree(bytes, path, shortest: shortest) }
        }
    }

    /// Cut off anywhere, and with bytes of the entropy data changed: what libjpeg forgives and what it does not.
    @Test func damageGivesTheSame() throws {
        let path = Oracle.resources + "/preprocess/cat.jpg", bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        for step in 1..<24 { agree(Array(bytes.prefix(bytes.count * step / 24)), "cut \(step)") }
        var state: UInt32 = 99
        for number in 0..<40 {
            var changed = bytes
            for _ in 0..<1 + number % 3 {
                state = state &* 1_664_525 &+ 1_013_904_223
                changed[1000 + Int(state >> 8) % (bytes.count - 1000)] = UInt8(truncatingIfNeeded: state >> 3)
            }
            agree(changed, "damage \(number)")
        }
    }

    /// Inputs of models, made while the photo is decoded, against those of the whole photo: squash, crop (rows and columns left out), padding, gray; and what
    /// must be decoded whole.
    @Test func inputsAreTheSameWithoutThePhotoInMemory() throws {
        let photo = try Image(contentsOf: Oracle.resources + "/preprocess/cat.jpg"), large = try photo.resized(width: 1301, height: 907, filter: .bicubic)
        let jpeg = try large.jpeg(quality: 90)
        let crop: PreprocessRecipe = .deepLab545
        var square = crop
        square.crop = PreprocessRecipe.Crop(height: 200, width: 100, rounding: .down, fill: [0, 0, 0])
        var beyond = square
        beyond.crop = PreprocessRecipe.Crop(height: 600, width: 300, rounding: .halfToEven, fill: [9, 99, 200])
        var across = PreprocessRecipe()
        (across.resize, across.filter) = (.exact(height: 907, width: 300), .lanczos)
        for recipe in [.squash513, crop, square, beyond, across, PreprocessRecipe.squash513.whole] {
            let want = try recipe.apply(Image(decoding: jpeg.span))
            for threads in [1, 2, 4] {
                let got = try input(recipe, jpeg, threads)
                #expect(got == want)
            }
        }
        // Columns first; nearest; a file cut off, also behind the last row that a crop needs; no JPEG.
        var columns = PreprocessRecipe()
        columns.resize = .exact(height: 100, width: 1301)
        var nearest = PreprocessRecipe.squash513
        nearest.filter = .nearest
        for recipe in [columns, nearest] {
            let none = try input(recipe, jpeg, 2)
            #expect(none == nil)
        }
        let cut = [2, 40, 97].map { Array(jpeg.prefix(jpeg.count * $0 / 100)) }
        for bytes in try cut + [large.png(), photo.jpeg(quality: 90)] {
            let none = try input(square, bytes, 2)
            #expect(none == nil)
        }
    }

    func input(_ recipe: PreprocessRecipe, _ bytes: [UInt8], _ threads: Int) throws -> PreprocessedImage? {
        try recipe.apply(jpeg: bytes.span, options: DecodeOptions(threads: threads))
    }

    /// Whole images, above the size from which threads are taken.
    @Test func largePhotosAreTheSameOnAnyNumberOfThreads() throws {
        let photo = try Image(contentsOf: Oracle.resources + "/preprocess/cat.jpg"), large = try photo.resized(width: 1300, height: 907, filter: .bicubic)
        let jpeg = try large.jpeg(quality: 90)
        let one = try Image(decoding: jpeg.span, options: DecodeOptions(threads: 1))
        for threads in [0, 2, 3, 64] {
            let other = try Image(decoding: jpeg.span, options: DecodeOptions(threads: threads))
            #expect(other == one)
        }
    }
}

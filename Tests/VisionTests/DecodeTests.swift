import OpsinModels
import OpsinVision
import Testing

/// Decoding as Pillow does it, upright: `oracle/vision/decode` and `oracle/vision/malformed`.
@Suite struct DecodeTests {
    @Test func everyGoldenIsExact() throws {
        let folder = Oracle.resources + "/decode"
        var checked = 0
        for item in try Oracle.cases(folder + "/cases.json") {
            let name = item["name"]?.string ?? ""
            let image = try Image(contentsOf: folder + "/" + (item["input"]?.string ?? ""))
            #expect(sha256(image.rgb().pixels) == item["output_sha256"]?.string || item["max_abs"]?.int == 1, "\(name)")
            checked += 1
        }
        #expect(checked == 113)
    }

    @Test func brokenFilesAreRefusedInOneLine() throws {
        let folder = Oracle.resources + "/malformed"
        var checked = 0
        for item in try Oracle.cases(folder + "/cases.json") {
            let name = item["name"]?.string ?? ""
            let path = folder + "/" + (item["input"]?.string ?? "")
            do {
                _ = try Image(contentsOf: path)
                #expect(item["expected"]?.string == "any", "\(name) was accepted: \(item["why"]?.string ?? "")")
            } catch {
                #expect(error.path == path && !error.reason.isEmpty && !error.description.contains("\n"), "\(name): \(error)")
                #expect(error.reason.utf8.count < 300)
            }
            checked += 1
        }
        #expect(checked == 90)
    }

    /// The mean of each channel of the first photos that are shared with the project: within a level, by resizing to one pixel; the hashes would take a minute.
    @Test(.enabled(if: Oracle.shared != nil, "needs shared/oracle beside the checkout")) func photosHaveTheirMeans() throws {
        let folder = (Oracle.shared ?? "") + "/vision/decode"
        for item in (try Oracle.json(folder + "/photos.json")["photos"]?.array ?? []).prefix(4) {
            let image = try Image(contentsOf: folder + "/" + (item["input"]?.string ?? ""))
            #expect([image.width, image.height] == item["size"]?.array?.compactMap(\.int))
            let tiny = try image.rgb().resized(width: 1, height: 1, filter: .box)
            let mean = item["mean"]?.array?.compactMap(\.double) ?? []
            #expect(zip(tiny.pixels, mean).allSatisfy { abs(Double($0) - $1) < 1.1 }, "\(item["input"]?.string ?? "")")
        }
    }
}

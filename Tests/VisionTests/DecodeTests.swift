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
}

import OpsinModels
import OpsinVision
import Testing

/// Pillow 13's `Image.resize`, all six filters: `oracle/vision/resize`, 8-bit samples equal to the last bit, floats to a unit of their last place.
@Suite struct ResizeTests {
    static let folder = Oracle.resources + "/resize"

    @Test(arguments: ResizeFilter.allCases) func everyGoldenIsExact(_ filter: ResizeFilter) throws {
        var (checked, onPhotosOfShared) = (0, 0)
        for item in try Oracle.cases(Self.folder + "/cases.json") where item["filter"]?.string == filter.rawValue && item["mode"]?.string != "F" {
            let name = item["name"]?.string ?? ""
            var path = Self.folder + "/" + (item["input"]?.string ?? "")
            if path.contains("../") {
                onPhotosOfShared += 1
                guard let shared = Oracle.shared else { continue }
                path = shared + "/vision/resize/" + (item["input"]?.string ?? "")
            }
            let image = try Image(contentsOf: path)
            let size = item["size"]?.array?.compactMap(\.int) ?? []
            let out = try image.resized(width: size[0], height: size[1], filter: filter, box: Self.box(item))
            #expect(sha256(out.pixels) == item["output_sha256"]?.string, "\(name)")
            #expect([image.width, image.height] == item["input_size"]?.array?.compactMap(\.int), "\(name)")
            checked += 1
        }
        // Cases on photos that a clone does not carry run beside ../shared only.
        #expect(checked >= (Oracle.shared == nil ? 20 - onPhotosOfShared : 20))
    }

    @Test func floatPlanesAreExact() throws {
        let tensors = try FloatTensors(Self.folder + "/float.safetensors")
        var checked = 0
        for item in try Oracle.cases(Self.folder + "/cases.json") where item["mode"]?.string == "F" {
            let size = item["size"]?.array?.compactMap(\.int) ?? []
            let from = item["input_size"]?.array?.compactMap(\.int) ?? []
            let filter = try #require(ResizeFilter(rawValue: item["filter"]?.string ?? ""))
            let plane = try FloatPlane(width: from[0], height: from[1], values: tensors[item["input"]?.string ?? ""])
            let out = try plane.resized(width: size[0], height: size[1], filter: filter, box: Self.box(item))
            let expected = tensors[item["output"]?.string ?? ""]
            #expect(out.values.count == expected.count)
            let difference = zip(out.values, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference <= 1e-5, "\(item["name"]?.string ?? ""): \(difference)")
            checked += 1
        }
        #expect(checked == 20 || checked == 24)
    }

    static func box(_ item: JSON) -> ResizeBox? {
        guard let box = item["box"]?.array?.compactMap(\.double), box.count == 4 else { return nil }
        return ResizeBox(left: Float(box[0]), top: Float(box[1]), right: Float(box[2]), bottom: Float(box[3]))
    }
}

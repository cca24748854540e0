internal import OpsinModels

/// A label for each pixel of the upright image.
public struct Segmentation: Hashable, Sendable {
    /// The label of a pixel that the model did not see, because its recipe crops.
    public static let outside: UInt16 = 65535

    /// Columns of the upright image.
    public let width: Int
    /// Rows of the upright image.
    public let height: Int
    /// `[height, width]`: index of each pixel's class in the model's own numbering, or `outside`.
    public let labelIDs: [UInt16]
    /// `[height, width]`: probability of that label, 0 outside; nil unless it was asked for.
    public let confidence: [Float]?
    /// The labels that occur, the largest share first, ties by id.
    public let segments: [Segment]
    /// Connected regions (4 neighbours), the largest first; empty unless they were asked for.
    public let regions: [Region]

    package init(width: Int, height: Int, labelIDs: [UInt16], confidence: [Float]?, segments: [Segment], regions: [Region]) {
        (self.width, self.height, self.labelIDs, self.confidence) = (width, height, labelIDs, confidence)
        (self.segments, self.regions) = (segments, regions)
    }
}

/// A label that a mask holds, and how much of it.
public struct Segment: Hashable, Sendable {
    /// Index of the class in the model's own numbering.
    public let labelID: Int
    /// The class's name from the model folder; its number where the folder names none.
    public let label: String
    /// Pixels with that label.
    public let pixels: Int
    /// The same as a share of all pixels of the image, 0...1.
    public let share: Double

    /// From its parts.
    public init(labelID: Int, label: String, pixels: Int, share: Double) {
        (self.labelID, self.label, self.pixels, self.share) = (labelID, label, pixels, share)
    }
}

/// A connected part of a mask (4 neighbours).
public struct Region: Hashable, Sendable {
    /// Index of the class in the model's own numbering.
    public let labelID: Int
    /// The class's name from the model folder; its number where the folder names none.
    public let label: String
    /// Pixels of the region.
    public let pixels: Int
    /// The smallest box around its pixels.
    public let box: Box
    /// Column and row of its first pixel, row by row: from there the outline is traced.
    package let firstColumn: Int
    package let firstRow: Int

    package init(labelID: Int, label: String, pixels: Int, box: Box, firstColumn: Int, firstRow: Int) {
        (self.labelID, self.label, self.pixels, self.box) = (labelID, label, pixels, box)
        (self.firstColumn, self.firstRow) = (firstColumn, firstRow)
    }
}

extension Segmentation {
    /// `segments`, and `regions` with their outlines if they were asked for.
    func jsonMembers(runLengths: Bool) -> [JSON.Member] {
        let segments: [JSON] = segments.map { segment in
            var members: [JSON.Member] = [
                .init("label_id", .integer(segment.labelID)), .init("label", .string(segment.label)), .init("share", .number(segment.share)),
            ]
            if runLengths {
                members.append(.init("rle", ["size": [.integer(height), .integer(width)], "counts": .string(runLengthText(of: segment.labelID))]))
            }
            return .object(members)
        }
        guard !regions.isEmpty else { return [.init("segments", .array(segments))] }
        return [.init("segments", .array(segments)), .init("regions", .array(regions.map { json($0) }))]
    }

    private func json(_ region: Region) -> JSON {
        func number(_ value: Float) -> JSON { .integer(Int(value)) }
        let box = [region.box.x0, region.box.y0, region.box.x1, region.box.y1]
        return [
            "label_id": .integer(region.labelID), "label": .string(region.label), "pixels": .integer(region.pixels), "box": .array(box.map(number)),
            "outline": .array(outline(of: region).map(number)),
        ]
    }
}

private import OpsinModels
internal import OpsinVision

/// How well a detector finds the objects that people marked on photos, counted as COCO does.
public struct DetectionEvaluation: Sendable {
    /// The figures, 0...1.
    public struct Scores: Hashable, Sendable {
        /// Average precision over overlaps of 0.5 to 0.95 and over the classes that were marked.
        public let averagePrecision: Double
        /// The same at an overlap of 0.5.
        public let averagePrecision50: Double
        /// The same at an overlap of 0.75.
        public let averagePrecision75: Double
        /// Average recall with at most 100 objects a class and photo.
        public let averageRecall100: Double
        /// Photos that were counted.
        public let images: Int
        /// Objects that people marked on them.
        public let objects: Int
        /// Classes of those objects.
        public let classes: Int
    }

    private var precision = AveragePrecision()

    /// Nothing seen yet.
    public init() {}

    /// What a detector has to be asked for: every object, however unsure, unclipped.
    public static var taskOptions: TaskOptions {
        var options = TaskOptions()
        (options.threshold, options.maximumCount, options.clipsBoxes) = (-1, 100, false)
        return options
    }

    /// The names of a folder's photos by their endings, sorted, each with the part before its ending. Throws when there is none.
    public static func photos(in folder: String) throws(OpsinError) -> [(name: String, stem: String)] {
        let endings = ["jpg", "jpeg", "png", "webp", "bmp", "ppm", "pgm"]
        let names: [String]
        do {
            names = try OpsinModels.File.names(inFolder: folder)
        } catch {
            throw OpsinError(.io, error.description)
        }
        let photos = names.sorted().compactMap { name -> (name: String, stem: String)? in
            guard let dot = name.lastIndex(of: "."), endings.contains(name[name.index(after: dot)...].lowercased()) else { return nil }
            return (name, String(name[..<dot]))
        }
        guard !photos.isEmpty else { throw OpsinError(.io, "\(folder): holds no photos (expected names that end in .\(endings.joined(separator: ", .")))") }
        return photos
    }

    /// Adds a photo: what was found, and the text file of what people marked on it.
    ///
    /// A line of the file is one object: the number of its class, then centre and size of its box as shares of the photo (`58 0.39 0.41 0.04 0.16`).
    /// Throws, naming file and line, when it is not of this form or names a class that the model does not have.
    public mutating func add(_ result: TaskResult, marked path: String, classCount: Int) throws(OpsinError) {
        let marked = try Self.marked(path, width: result.imageWidth, height: result.imageHeight, classCount: classCount)
        let found = result.detections.map {
            LabelledBox(label: $0.labelID, score: $0.score, corners: [$0.box.x0, $0.box.y0, $0.box.x1, $0.box.y1])
        }
        precision.add(marked: marked, found: found)
    }

    /// The figures so far.
    public var scores: Scores {
        let scores = precision.scores()
        return Scores(
            averagePrecision: scores.precision, averagePrecision50: scores.byOverlap[0], averagePrecision75: scores.byOverlap[5],
            averageRecall100: scores.recall, images: precision.images, objects: precision.objects, classes: scores.classes)
    }

    private static func marked(_ path: String, width: Int, height: Int, classCount: Int) throws(OpsinError) -> [LabelledBox] {
        let bytes: [UInt8]
        do {
            bytes = try OpsinModels.File.contents(path, limit: 16_000_000)
        } catch {
            throw OpsinError(.io, error.description)
        }
        var boxes: [LabelledBox] = []
        for (index, line) in String(decoding: bytes, as: UTF8.self).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.isEmpty { continue }
            let place = words.dropFirst().prefix(4).compactMap { Float(String($0)) }
            guard words.count >= 5, place.count == 4, place.allSatisfy({ $0.isFinite }), let label = Int(words[0]) else {
                throw OpsinError(.io, "\(path): line \(index + 1) is \"\(line.prefix(60))\", expected a class and four numbers: centre and size of a box")
            }
            guard (0..<classCount).contains(label) else {
                throw OpsinError(.io, "\(path): line \(index + 1): class \(label), expected 0 to \(classCount - 1)")
            }
            let (w, h) = (Float(width), Float(height))
            boxes.append(
                LabelledBox(
                    label: label,
                    corners: [
                        (place[0] - place[2] / 2) * w, (place[1] - place[3] / 2) * h, (place[0] + place[2] / 2) * w, (place[1] + place[3] / 2) * h,
                    ]))
        }
        return boxes
    }
}

extension DetectionEvaluation.Scores {
    /// One object on one line, as `opsin eval --json` prints it.
    public var jsonText: String {
        let json: JSON = [
            "task": "detect", "images": .integer(images), "objects": .integer(objects), "classes": .integer(classes),
            "ap": .number(rounded(averagePrecision)), "ap50": .number(rounded(averagePrecision50)), "ap75": .number(rounded(averagePrecision75)),
            "ar100": .number(rounded(averageRecall100)),
        ]
        return json.text
    }

    private func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}

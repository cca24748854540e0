internal import OpsinModels

/// What quantising a model cost, layer by layer and in the answers.
public struct QuantizationReport: Hashable, Sendable {
    /// One op of the graph that runs.
    public struct Layer: Hashable, Sendable {
        /// The reference's name of the layer.
        public let name: String
        /// What it computes.
        public let op: String
        /// Why it runs in fp32; nil: it runs on bytes.
        public let reason: String?
        /// Mean over all elements and photos of the absolute difference of its output, and that over the mean magnitude.
        public internal(set) var meanDifference = 0.0
        /// The mean difference over the mean magnitude.
        public internal(set) var relative = 0.0
    }

    /// The model that was quantised.
    public let model: String
    /// How the ranges were chosen.
    public let calibration: Quantizer.Calibration
    /// How many neighbouring outputs share a scale.
    public let group: Int
    /// Photos that the ranges come from.
    public let calibrationImages: Int
    /// Photos that both models were run on.
    public let images: Int
    /// On how many of them the best class is the same; nil when the model does not classify.
    public let agreed: Int?
    /// Bytes of the weights in the files.
    public let bytesBefore: Int
    /// The same of the model that was written.
    public let bytesAfter: Int
    /// In the order of the run.
    public internal(set) var layers: [Layer]
}

extension QuantizationReport {
    /// How far the model's output is off: the last layer's relative difference.
    public var outputDifference: Double { layers.last?.relative ?? 0 }

    /// The form of `quantization_report.json`, schema version 1.
    public var jsonText: String {
        let members: [JSON.Member] = [
            .init("schema_version", 1), .init("model", .string(model)), .init("calibration", .string(calibration.rawValue)), .init("group", .integer(group)),
            .init("calibration_images", .integer(calibrationImages)), .init("images", .integer(images)),
            .init("top1_agreement", agreed.map { .number(share($0).rounded(places: 4)) } ?? .null),
            .init("output_difference", .number(rounded(outputDifference))),
            .init("weights_bytes", ["before": .integer(bytesBefore), "after": .integer(bytesAfter)]),
            .init(
                "layers",
                .array(
                    layers.map {
                        [
                            "name": .string($0.name), "op": .string($0.op), "precision": .string($0.reason == nil ? "int8" : "fp32"),
                            "reason": $0.reason.map { .string($0) } ?? .null, "mean_difference": .number(rounded($0.meanDifference)),
                            "relative": .number(rounded($0.relative)),
                        ]
                    })),
        ]
        return JSON.object(members).text
    }

    /// A table for a terminal: the layers that lose most, then what it comes to.
    public var lines: [String] {
        var lines = ["layer                                      op                 mean difference  of the mean"]
        let worst = Set(layers.sorted { $0.relative > $1.relative }.prefix(12).map(\.name))
        for layer in layers where worst.contains(layer.name) || layer.reason != nil {
            let note = layer.reason.map { "  fp32: \($0)" } ?? ""
            lines.append("\(padded(layer.name, 42)) \(padded(layer.op, 18)) \(padded(short(layer.meanDifference), 16)) \(percent(layer.relative))\(note)")
        }
        let onBytes = layers.count { $0.reason == nil }
        lines.append("\(onBytes) of \(layers.count) ops on bytes; weights \(bytesBefore) -> \(bytesAfter) bytes; ranges from \(calibrationImages) photos")
        if let agreed { lines.append("the best class is the same on \(agreed) of \(images) photos") }
        lines.append("the output differs by \(percent(outputDifference)) of its mean magnitude")
        return lines
    }

    /// The same as a page, every layer in it.
    public var page: String {
        var rows = ""
        for layer in layers {
            let width = min(layer.relative * 400, 100)
            rows +=
                "<tr><td>\(escaped(layer.name))</td><td>\(escaped(layer.op))</td><td>\(layer.reason.map { "fp32: " + escaped($0) } ?? "int8")</td>"
                + "<td>\(short(layer.meanDifference))</td><td>\(percent(layer.relative))</td>"
                + "<td><div style=\"width:\(short(width))px;height:8px;background:#4a7\"></div></td></tr>\n"
        }
        let answer = agreed.map { "<p>The best class is the same on \($0) of \(images) photos.</p>" } ?? ""
        return """
            <!doctype html><html lang="en"><meta charset="utf-8"><title>Quantisation of \(escaped(model))</title>
            <style>body{font:14px sans-serif;margin:2em}td,th{padding:2px 12px 2px 0;text-align:left}</style>
            <h1>\(escaped(model)) in bytes</h1>
            <p>Ranges (\(calibration.rawValue)) from \(calibrationImages) photos; a scale for every \(group == 1 ? "output" : "\(group) outputs"); weights \(bytesBefore) to \(bytesAfter) bytes.</p>
            \(answer)<p>The output differs by \(percent(outputDifference)) of its mean magnitude.</p>
            <table><tr><th>layer</th><th>op</th><th>runs in</th><th>mean difference</th><th>of the mean magnitude</th><th></th></tr>
            \(rows)</table></html>

            """
    }

    private func share(_ count: Int) -> Double { Double(count) / Double(max(images, 1)) }

    private func rounded(_ value: Double) -> Double { value.rounded(places: 8) }

    private func short(_ value: Double) -> String { "\(value.rounded(places: 5))" }

    private func percent(_ value: Double) -> String { "\((value * 100).rounded(places: 2)) %" }

    private func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

    private func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
        return out
    }
}

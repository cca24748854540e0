package import OpsinGraph

/// What `quantization.json` says: what the bytes of every value of a network stand for, by the names of `Graph.valueNames`.
package struct QuantizationTable: Sendable {
    /// The file's name in a folder.
    package static let fileName = "quantization.json"
    /// The version that this library writes and reads.
    package static let version = 1

    package var values: [String: Quantization]
    /// Photos that the ranges come from.
    package var imageCount: Int
    /// How ranges were chosen.
    package var method: String
    /// Outputs that share a scale.
    package var group: Int

    package init(values: [String: Quantization], imageCount: Int, method: String, group: Int) {
        (self.values, self.imageCount, self.method, self.group) = (values, imageCount, method, group)
    }

    /// Reads the file's JSON, every number checked.
    init(_ config: Config) throws(ModelError) {
        guard let version = try config.int("schema_version", in: 0...Int.max) else {
            throw ModelError(.config, file: config.file, "schema_version is missing, expected \(Self.version)")
        }
        guard version == Self.version else { throw ModelError(.unsupported, file: config.file, "schema_version is \(version), expected \(Self.version)") }
        guard try config.string("scheme") == Self.scheme else {
            throw ModelError(.unsupported, file: config.file, "scheme is not \"\(Self.scheme)\", the only one that is supported")
        }
        let calibration = try config.object("calibration")
        (imageCount, method) = (try calibration.int("images", in: 0...Int.max) ?? 0, try calibration.string("method") ?? "")
        group = try config.int("group", in: 1...4096) ?? 1
        values = [:]
        let table = try config.object("values")
        for member in table.json.members ?? [] {
            let value = try table.object(member.name)
            guard let scale = try value.double("scale", in: 0...1e30), let zero = try value.int("zero", in: 0...255),
                let quantization = Quantization(scale: Float(scale), zero: zero)
            else {
                throw ModelError(.config, file: config.file, "values.\(shown(member.name)) has no scale above 1e-30 and zero of 0 to 255")
            }
            values[member.name] = quantization
        }
    }

    /// What the bytes are: weights signed and symmetric, a scale an output or group of outputs; activations unsigned with a zero point.
    static let scheme = "s8 weights per output, u8 activations"

    /// The file's contents.
    package var json: JSON {
        [
            "schema_version": .integer(Self.version), "scheme": .string(Self.scheme), "group": .integer(group),
            "calibration": ["images": .integer(imageCount), "method": .string(method)],
            "values": .object(
                values.sorted { $0.key < $1.key }.map { name, value in
                    JSON.Member(name, ["scale": .number(Double(value.scale)), "zero": .integer(value.zero)])
                }),
        ]
    }
}

extension ModelFolder {
    /// The folder's quantisation; nil when it has none.
    package func quantization() throws(ModelError) -> QuantizationTable? {
        let file = File.join(path, QuantizationTable.fileName)
        guard File.kind(path) == .folder, File.kind(file) != nil else { return nil }
        return try QuantizationTable(Config(file: file, json: try File.json(file)))
    }

    /// Writes a folder that opens as this one does: `weights` are stored as whole numbers with their scales, `table` beside them, all else unchanged.
    package func writeQuantized(to output: String, weights: [String: QuantizedWeight], table: QuantizationTable) throws(ModelError) {
        guard checkpointWeights == nil else {
            throw ModelError(.unsupported, file: path, "is a TensorFlow checkpoint; make a folder of it first with: opsin convert")
        }
        guard File.kind(output) == nil || File.kind(output) == .folder else {
            throw ModelError(.file, file: output, "is a file, expected a folder to write to")
        }
        var files: [SafetensorsFile] = []
        for path in try weightFiles() { files.append(try SafetensorsFile(path: path)) }
        try File.makeFolder(output)
        guard File.resolved(output) != File.resolved(path) else { throw ModelError(.file, file: output, "is the folder to quantise, expected another one") }
        var tensors: [SafetensorsWriter.Tensor] = []
        var writer = SafetensorsWriter()
        for file in files {
            writer.metadata.merge(file.metadata) { _, new in new }
            for entry in file.tensors {
                guard let weight = weights[entry.name] else {
                    tensors.append(
                        SafetensorsWriter.Tensor(name: entry.name, type: entry.type, dimensions: entry.dimensions) {
                            unsafe file.withBytes(of: entry) { unsafe [UInt8]($0) }
                        })
                    continue
                }
                tensors.append(
                    SafetensorsWriter.Tensor(name: entry.name, type: .int8, dimensions: entry.dimensions) { weight.values.map { UInt8(bitPattern: $0) } })
                tensors.append(
                    SafetensorsWriter.Tensor(name: entry.name + WeightReader.scaleSuffix, dimensions: [weight.scales.count], values: weight.scales))
                guard let correction = weight.correction else { continue }
                tensors.append(
                    SafetensorsWriter.Tensor(name: entry.name + WeightReader.correctionSuffix, dimensions: [correction.count], values: correction))
            }
        }
        for name in try File.names(inFolder: path) where Self.isCopied(name) && File.kind(File.join(path, name)) == .file {
            try File.write(File.contents(File.join(path, name), limit: 64_000_000), to: File.join(output, name))
        }
        try File.write(Array((table.json.prettyText + "\n").utf8), to: File.join(output, QuantizationTable.fileName))
        try writer.write(tensors, to: File.join(output, "model.safetensors"))
    }
}

/// Weights as whole numbers of -127 to 127, outputs first, and what they are multiplied by: one number for each group of neighbouring outputs.
package struct QuantizedWeight: Sendable {
    package private(set) var values: [Int8] = []
    package private(set) var scales: [Float] = []
    /// What is to be added to each output.
    package private(set) var correction: [Float]?

    /// Rounds `weights`, of `outputs` outputs, to the nearest whole numbers. `group` outputs share a scale; it must divide `outputs`.
    ///
    /// - Parameter means: of each input channel over photos; with them the mean of every output stays where it was (bias correction, arXiv 1906.04721,
    ///   section 4.2). As many as an output has inputs, or for depthwise weights one an output.
    package init(rounding weights: [Float], outputs: Int, taps: Int, group: Int, means: [Double]?) {
        let row = weights.count / max(outputs, 1), inputs = row / max(taps, 1)
        values.reserveCapacity(weights.count)
        for start in stride(from: 0, to: weights.count, by: max(row * group, 1)) {
            let part = weights[start..<min(start + row * group, weights.count)].map { $0.isFinite ? $0 : 0 }
            let scale = Self.scale(of: part)
            scales.append(scale)
            for weight in part { values.append(Int8(Self.rounded(weight, scale))) }
        }
        guard let means, means.count == inputs || (inputs == 1 && means.count == outputs) else { return }
        correction = (0..<outputs).map { output in
            var moved = 0.0
            for index in 0..<row {
                let at = output * row + index, error = Double(values[at]) * Double(scales[output / group]) - Double(weights[at])
                moved += error * means[means.count == inputs ? index / taps : output]
            }
            return Float(-moved)
        }
    }

    private static func rounded(_ weight: Float, _ scale: Float) -> Float { max(-127, min(127, (weight / scale).rounded(.toNearestOrEven))) }

    /// The step for which rounding and cutting off together cost the least squares, up to the one that cuts nothing off.
    private static func scale(of weights: [Float]) -> Float {
        let whole = max(weights.reduce(0) { max($0, abs($1)) } / 127, 1e-20)
        var best = whole, least = Double.infinity
        for step in 0..<20 {
            let scale = whole * (1 - Float(step) * 0.02)
            var cost = 0.0
            for weight in weights {
                let error = Double(rounded(weight, scale) * scale - weight)
                cost += error * error
            }
            if cost < least { (best, least) = (scale, cost) }
        }
        return best
    }
}

package import OpsinGraph
package import OpsinModels

/// A tensor that a reference implementation gave, float32, row-major in `dimensions` (the reference's own layout, NCHW).
package struct OracleTensor: Sendable {
    package let dimensions: [Int]
    package let values: [Float]

    package init(dimensions: [Int], values: [Float]) { (self.dimensions, self.values) = (dimensions, values) }
}

/// One case of `Tests/Resources/cases` (or of any folder of that form): a model whose weights are made again from their names, and what the reference
/// answered for one photo.
///
/// The copies lack `pixel_values`, which follows from the photo (`Scripts/copy_oracle_case.py`); `../shared/oracle` beside the checkout has it.
package struct OracleCase: Sendable {
    package let name: String
    package let folder: String
    /// What `case.json` says.
    package let description: JSON

    /// The cases that are in the repository.
    package static let inRepository = ["mobilenetv4_conv_small", "mobilenetv4_hybrid_medium", "mobilenetv2_100", "mobilenet_v2_hf"]

    /// A case in the repository.
    package init(_ name: String) throws(ModelError) { try self.init(folder: File.join(Self.resources, "cases/" + name), name: name) }

    /// A case in any folder.
    package init(folder: String, name: String) throws(ModelError) {
        (self.folder, self.name) = (folder, name)
        description = try File.json(File.join(folder, "case.json"))
    }

    /// `Tests/Resources` of this checkout.
    package static let resources = File.join(File.folder(of: File.folder(of: #filePath)), "Resources")

    /// The `shared/oracle` folder beside the checkout or above it; nil on a machine without it.
    package static let sharedOracle: String? = {
        var folder = File.folder(of: #filePath)
        while folder != "/", folder != "." {
            folder = File.folder(of: folder)
            let candidate = File.join(folder, "shared/oracle")
            if File.kind(candidate) == .folder { return candidate }
        }
        return nil
    }()

    /// Path of the photo that the case takes.
    package var image: String {
        get throws(ModelError) {
            guard let image = description["input"]?["image"]?.string else { throw ModelError(.format, file: folder, "case.json names no image") }
            return File.join(Self.resources, "images/" + image)
        }
    }

    /// The model folder's configuration; its weights are those of `weights()`.
    package func modelFolder() throws(ModelError) -> ModelFolder { try ModelFolder(path: folder) }

    /// The model folder that `case.json` names: trained weights that lie elsewhere in the repository.
    package func sharedModel() throws(ModelError) -> ModelFolder {
        guard let model = description["model"]?.string else { throw ModelError(.format, file: folder, "case.json names no model") }
        return try ModelFolder(path: File.join(folder, model))
    }

    /// All tensors of the model, as a source of weights.
    package func weights() throws(ModelError) -> WeightSource { try WeightSource(name: name, constants: constants()) }

    /// All tensors of the model: those of `small.safetensors`, and the generated ones.
    package func constants() throws(ModelError) -> [Constant] {
        let small = try SafetensorsFile(path: File.join(folder, "small.safetensors"))
        var constants = small.tensors.compactMap { small.constant($0) }
        let file = File.join(folder, "weights.json")
        for entry in try File.json(file).array ?? [] {
            guard let name = entry["name"]?.string, let bound = entry["bound"]?.double, let dimensions = entry["shape"]?.array?.compactMap(\.int) else {
                throw ModelError(.format, file: file, "no list of name, shape and bound")
            }
            let values = OracleWeights.generate(name: name, count: dimensions.reduce(1, *), bound: Float(bound))
            guard let constant = Constant(name: name, dimensions: dimensions, values: values) else {
                throw ModelError(.format, file: file, "\(name) cannot be \(dimensions)")
            }
            constants.append(constant)
        }
        return constants
    }

    /// The model with its weights.
    package func network() throws(ModelError) -> Network { try Network(modelFolder().architecture(), weights: weights()) }

    /// What the reference gave, by name: outputs whole, `sample.MODULE` every stride-th value.
    package func expected() throws(ModelError) -> [String: OracleTensor] { try Self.tensors(File.join(folder, "expected.safetensors")) }

    /// The exact input, from `../shared/oracle`; nil on a machine without it.
    package func sharedPixelValues() throws(ModelError) -> OracleTensor? {
        guard let shared = Self.sharedOracle else { return nil }
        return try Self.tensors(File.join(shared, "cases/\(name)/expected.safetensors"))["pixel_values"]
    }

    /// The float tensors of a safetensors file.
    package static func tensors(_ path: String) throws(ModelError) -> [String: OracleTensor] {
        let file = try SafetensorsFile(path: path)
        var tensors: [String: OracleTensor] = [:]
        for entry in file.tensors {
            if let constant = file.constant(entry) { tensors[entry.name] = OracleTensor(dimensions: entry.dimensions, values: constant.floats()) }
        }
        return tensors
    }

    /// Every stride-th of `values`, as the cases' samples are taken: stride `max(1, count / 4096)`, the first 4096.
    package static func sample(_ values: [Float]) -> [Float] {
        let step = max(1, values.count / 4096)
        return stride(from: 0, to: values.count, by: step).prefix(4096).map { values[$0] }
    }

    /// The largest difference over the largest expected magnitude; infinite when anything is NaN or the counts differ.
    package static func distance(_ found: [Float], _ expected: [Float]) -> Double {
        guard found.count == expected.count else { return .infinity }
        let largest = expected.reduce(0.0) { max($0, abs(Double($1))) }
        return zip(found, expected).reduce(0.0) { worst, pair in
            let difference = abs(Double(pair.0) - Double(pair.1))
            return difference.isNaN ? .infinity : max(worst, difference)
        } / max(largest, 1e-12)
    }
}

extension OracleCase {
    /// Writes the case as the model folder that a user would download: configuration and fp32 weights.
    package func write(to folder: String) throws(ModelError) {
        try File.makeFolder(folder)
        for name in ["config.json", "preprocessor_config.json"] where File.kind(File.join(self.folder, name)) == .file {
            try File.write(File.contents(File.join(self.folder, name), limit: 1_000_000), to: File.join(folder, name))
        }
        let tensors = try constants().map { SafetensorsWriter.Tensor(name: $0.name, dimensions: $0.dimensions, values: $0.floats()) }
        try SafetensorsWriter().write(tensors, to: File.join(folder, "model.safetensors"))
    }
}

/// A model as its publisher ships it: a folder with `config.json`, usually `preprocessor_config.json`, and weights as safetensors; or a TensorFlow
/// checkpoint of MOAT, whose configuration follows from its variables.
///
/// Opening a folder reads the configuration only: preprocessing needs no weights, and what the weights are is said by `network()`.
package struct ModelFolder: Sendable {
    package let path: String
    package let config: Config
    package let format: ModelFormat
    /// `preprocessor_config.json` when there is one.
    package let preprocessor: Config?
    /// The weight file that the caller named; nil: the folder's.
    private let weightFile: String?
    /// The weights of a TensorFlow checkpoint, when that is what was opened.
    let checkpointWeights: WeightSource?

    /// Opens a folder, the folder around a `.safetensors` file, or a TensorFlow checkpoint (`.index` file, prefix, folder or `.tar.gz`).
    package init(path: String) throws(ModelError) {
        let kind = File.kind(path)
        if kind == .file, path.hasSuffix(".safetensors") {
            try self.init(folder: File.folder(of: path), weightFile: path)
        } else if try !Self.isModelFolder(path), let location = try TensorFlowCheckpoint.location(path) {
            try self.init(checkpoint: location)
        } else {
            guard let kind else { throw ModelError(.file, file: path, "no such file or folder, expected a model folder") }
            guard kind == .folder || !Self.isPickled(path) else {
                throw ModelError(.unsupported, file: path, "is no safetensors file; \(Self.instead)")
            }
            guard kind == .folder else { throw ModelError(.file, file: path, "is no model, expected a folder with config.json and model.safetensors") }
            try self.init(folder: path, weightFile: nil)
        }
    }

    private init(folder path: String, weightFile: String?) throws(ModelError) {
        (self.path, self.weightFile, checkpointWeights) = (path, weightFile, nil)
        let configFile = File.join(self.path, "config.json")
        guard File.kind(configFile) != nil else { throw Self.withoutConfig(path) }
        let config = Config(file: configFile, json: try File.json(configFile))
        guard config.json.members != nil else { throw ModelError(.config, file: configFile, "is no JSON object") }
        format = try ModelFormat(config)
        self.config = if case .moat(let name) = format { Self.completed(config, architecture: name) } else { config }
        let preprocessorFile = File.join(self.path, "preprocessor_config.json")
        preprocessor = File.kind(preprocessorFile) == nil ? nil : Config(file: preprocessorFile, json: try File.json(preprocessorFile))
    }

    /// Opens a checkpoint; `config.json` beside it overrides what is not in it.
    private init(checkpoint location: TensorFlowCheckpoint.Location) throws(ModelError) {
        let checkpoint: TensorFlowCheckpoint, given: JSON?
        switch location {
        case .index(let index):
            checkpoint = try TensorFlowCheckpoint(index: index)
            path = File.folder(of: index)
            let file = File.join(path, "config.json")
            given = File.kind(file) == nil ? nil : try File.json(file)
        case .archive(let archive):
            (checkpoint, given) = try TensorFlowCheckpoint.open(archive: archive)
            path = archive
        }
        let weights = try checkpoint.weights()
        config = try Self.config(of: weights, given: given, file: given == nil ? checkpoint.path : File.join(path, "config.json"))
        format = try ModelFormat(config)
        (checkpointWeights, weightFile, preprocessor) = (weights, nil, nil)
    }

    /// What to do about a folder without `config.json`: one with pickled weights or a program is not the form that opens here.
    private static func withoutConfig(_ path: String) -> ModelError {
        let names = (try? File.names(inFolder: path)) ?? []
        let foreign = names.first(where: isPickled) ?? names.first { $0.hasSuffix(".py") }
        guard let foreign else { return ModelError(.file, file: path, "holds no config.json, expected a model folder of timm or transformers") }
        return ModelError(
            .unsupported, file: path,
            "holds \(shown(foreign, limit: 60)) but no config.json; take the model in the form of timm or transformers (often a name that ends in -hf), "
                + "with config.json and model.safetensors")
    }

    /// Endings of weights that only their own framework reads.
    private static let pickled = [".bin", ".pth", ".pt", ".ckpt", ".h5", ".msgpack"]

    /// Whether a folder's configuration is about weights in safetensors files.
    private static func isModelFolder(_ path: String) throws(ModelError) -> Bool {
        guard File.kind(path) == .folder, File.kind(File.join(path, "config.json")) != nil else { return false }
        return try File.names(inFolder: path).contains { $0.hasSuffix(".safetensors") || $0.hasSuffix(".safetensors.index.json") }
    }

    private static func isPickled(_ name: String) -> Bool { pickled.contains { name.hasSuffix($0) } }

    /// What to do with such a file: most are pickles, which are programs.
    private static let instead =
        "reading a pickle runs what is in it, so Opsin takes safetensors only: the publisher's, or one written with "
        + "safetensors.torch.save_file(state_dict, \"model.safetensors\") beside config.json"

    /// The files that hold the weights: the one that was named, `model.safetensors`, the shards of its index, or the only safetensors file there is.
    package func weightFiles() throws(ModelError) -> [String] {
        if let weightFile { return [weightFile] }
        let single = File.join(path, "model.safetensors")
        if File.kind(single) != nil { return [single] }
        let index = File.join(path, "model.safetensors.index.json")
        if File.kind(index) != nil { return try SafetensorsIndex(path: index).shards }
        let names = try File.names(inFolder: path)
        let candidates = names.filter { $0.hasSuffix(".safetensors") }
        guard candidates.count <= 1 else {
            throw ModelError(.file, file: path, "holds \(candidates.count) safetensors files and no model.safetensors; name the one that you want")
        }
        if let only = candidates.first { return [File.join(path, only)] }
        if let pickled = names.first(where: Self.isPickled) {
            throw ModelError(.unsupported, file: path, "holds \(shown(pickled, limit: 60)) but no model.safetensors; \(Self.instead)")
        }
        if let code = names.first(where: { $0.hasSuffix(".py") }) {
            throw ModelError(.unsupported, file: path, "holds remote code (\(shown(code, limit: 60))) but no weights, expected model.safetensors")
        }
        throw ModelError(.file, file: path, "holds no weights, expected model.safetensors")
    }

    /// The tensors of the weight files, mapped.
    package func weights() throws(ModelError) -> WeightSource {
        if let checkpointWeights { return checkpointWeights }
        var files: [SafetensorsFile] = []
        for path in try weightFiles() { files.append(try SafetensorsFile(path: path)) }
        return try WeightSource(name: files.count == 1 ? files[0].path : path, files: files)
    }

    /// The architecture with the folder's weights, checked tensor by tensor.
    package func network() throws(ModelError) -> Network {
        let architecture = try architecture(), weights = try weights()
        return try Network(architecture, weights: architecture is DeformableDETR ? weights.withHubNames() : weights)
    }
}

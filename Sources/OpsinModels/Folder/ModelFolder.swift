/// A model as its publisher ships it: a folder with `config.json`, usually `preprocessor_config.json`, and weights as safetensors.
///
/// Opening reads the configuration only: preprocessing needs no weights, and what the weights are is said by `network()`.
package struct ModelFolder: Sendable {
    package let path: String
    package let config: Config
    package let format: ModelFormat
    /// `preprocessor_config.json` when there is one.
    package let preprocessor: Config?
    /// The weight file that the caller named; nil: the folder's.
    private let weightFile: String?

    /// Opens a folder, or the folder around a `.safetensors` file.
    package init(path: String) throws(ModelError) {
        switch File.kind(path) {
        case .folder?: (self.path, weightFile) = (path, nil)
        case .file? where path.hasSuffix(".safetensors"): (self.path, weightFile) = (File.folder(of: path), path)
        case nil: throw ModelError(.file, file: path, "no such file or folder, expected a model folder")
        default: throw ModelError(.file, file: path, "is no model, expected a folder with config.json and model.safetensors")
        }
        let configFile = File.join(self.path, "config.json")
        guard File.kind(configFile) != nil else { throw ModelError(.file, file: path, "holds no config.json, expected a model folder of timm or transformers") }
        config = Config(file: configFile, json: try File.json(configFile))
        guard config.json.members != nil else { throw ModelError(.config, file: configFile, "is no JSON object") }
        format = try ModelFormat(config)
        let preprocessorFile = File.join(self.path, "preprocessor_config.json")
        preprocessor = File.kind(preprocessorFile) == nil ? nil : Config(file: preprocessorFile, json: try File.json(preprocessorFile))
    }

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
        if let pickled = names.first(where: { name in [".bin", ".pth", ".pt", ".ckpt", ".h5", ".msgpack"].contains { name.hasSuffix($0) } }) {
            throw ModelError(
                .unsupported, file: path,
                "holds \(shown(pickled, limit: 60)) but no model.safetensors; take the publisher's, or write one with safetensors.torch.save_file"
            )
        }
        throw ModelError(.file, file: path, "holds no weights, expected model.safetensors")
    }

    /// The tensors of the weight files, mapped.
    package func weights() throws(ModelError) -> WeightSource {
        var files: [SafetensorsFile] = []
        for path in try weightFiles() { files.append(try SafetensorsFile(path: path)) }
        return try WeightSource(name: files.count == 1 ? files[0].path : path, files: files)
    }

    /// The architecture with the folder's weights, checked tensor by tensor.
    package func network() throws(ModelError) -> Network {
        let architecture = try architecture()
        return try Network(architecture, weights: weights())
    }
}

package import OpsinGraph

extension ModelFolder {
    /// Writes a folder that opens as this one does, with all floating-point weights stored as `type` and all else unchanged.
    ///
    /// Values are rounded to nearest, halves to even. Shards become one file; configuration, licence and readme are copied. Throws when a value does not fit
    /// `type`, and when the output folder is this one.
    package func convert(to output: String, type: ConstantType) throws(ModelError) {
        guard File.kind(output) == nil || File.kind(output) == .folder else {
            throw ModelError(.file, file: output, "is a file, expected a folder to write to")
        }
        if let checkpointWeights { return try Self.convert(checkpointWeights, config, to: output, type: type) }
        var files: [SafetensorsFile] = []
        for path in try weightFiles() { files.append(try SafetensorsFile(path: path)) }
        try File.makeFolder(output)
        guard File.resolved(output) != File.resolved(path) else { throw ModelError(.file, file: output, "is the folder to convert, expected another one") }
        var tensors: [SafetensorsWriter.Tensor] = []
        for file in files {
            for entry in file.tensors { tensors.append(Self.converted(entry, of: file, type: type)) }
        }
        var writer = SafetensorsWriter()
        for file in files { writer.metadata.merge(file.metadata) { _, new in new } }
        // The weights come last: a folder that lacks them does not open.
        for name in try File.names(inFolder: path) where Self.isCopied(name) && File.kind(File.join(path, name)) == .file {
            try File.write(File.contents(File.join(path, name), limit: 64_000_000), to: File.join(output, name))
        }
        try writer.write(tensors, to: File.join(output, "model.safetensors"))
    }

    /// A folder of a checkpoint: its variables under their own names, and the configuration that was made of them.
    private static func convert(_ weights: WeightSource, _ config: Config, to output: String, type: ConstantType) throws(ModelError) {
        try File.makeFolder(output)
        var tensors: [SafetensorsWriter.Tensor] = []
        for case .weight(let constant) in weights.tensors.values {
            tensors.append(
                SafetensorsWriter.Tensor(name: constant.name, type: TensorType(type), dimensions: constant.dimensions) { () throws(ModelError) in
                    try bytes(of: constant, as: type, file: weights.name)
                })
        }
        try File.write(Array((config.json.prettyText + "\n").utf8), to: File.join(output, "config.json"))
        try SafetensorsWriter().write(tensors, to: File.join(output, "model.safetensors"))
    }

    private static func converted(_ entry: TensorEntry, of file: SafetensorsFile, type: ConstantType) -> SafetensorsWriter.Tensor {
        guard let constant = file.constant(entry), constant.type != .int8, !belongsToBytes(entry, file) else {
            return SafetensorsWriter.Tensor(name: entry.name, type: entry.type, dimensions: entry.dimensions) {
                unsafe file.withBytes(of: entry) { unsafe [UInt8]($0) }
            }
        }
        return SafetensorsWriter.Tensor(name: entry.name, type: TensorType(type), dimensions: entry.dimensions) { () throws(ModelError) in
            try bytes(of: constant, as: type, file: file.path)
        }
    }

    /// Whether the tensor goes with whole numbers, and so stays fp32.
    private static func belongsToBytes(_ entry: TensorEntry, _ file: SafetensorsFile) -> Bool {
        [WeightReader.scaleSuffix, WeightReader.correctionSuffix].contains { suffix in
            guard entry.name.hasSuffix(suffix) else { return false }
            let name = entry.name.dropLast(suffix.count)
            return file.tensors.contains { $0.name == name && $0.type == .int8 }
        }
    }

    /// The constant's elements as bytes of `type`. Throws when one does not fit it.
    private static func bytes(of constant: Constant, as type: ConstantType, file: String) throws(ModelError) -> [UInt8] {
        switch Narrowing.bytes(of: constant, as: type) {
        case .success(let bytes): return bytes
        case .failure(let misfit):
            throw ModelError(
                .unsupported, file: file,
                "tensor \(shown(constant.name)) holds \(misfit.value), which \(TensorType(type).rawValue) cannot; take bf16 or f32")
        }
    }

    /// What describes a model beside its weights.
    static func isCopied(_ name: String) -> Bool {
        ["config.json", "preprocessor_config.json", "quantization.json", "README.md"].contains(name) || name.hasPrefix("LICENSE") || name.hasPrefix("NOTICE")
    }
}

/// Whose configuration a folder holds, and which architecture it names.
package enum ModelFormat: Hashable, Sendable {
    /// timm's `architecture`, without the tag behind a dot.
    case timm(architecture: String)
    /// transformers' `model_type`.
    case transformers(modelType: String)
    /// deeplab2's MOAT in a folder of Opsin's: `model_type` "moat", `architecture`, TensorFlow's variable names.
    case moat(architecture: String)

    /// Whether the configuration follows transformers' conventions: labels by number, a preprocessor of its own.
    package var isTransformers: Bool { if case .transformers = self { true } else { false } }

    /// Reads the format from a `config.json`. `model_type` counts when there are both.
    package init(_ config: Config) throws(ModelError) {
        if let modelType = try config.string("model_type") {
            guard modelType == "moat" else {
                self = .transformers(modelType: modelType)
                return
            }
            guard let architecture = try config.string("architecture") else {
                throw ModelError(.config, file: config.file, "architecture is missing, expected one of \(MOAT.names.joined(separator: ", "))")
            }
            self = .moat(architecture: architecture)
        } else if let architecture = try config.string("architecture") {
            self = .timm(architecture: String(architecture.prefix { $0 != "." }))
        } else {
            throw ModelError(.config, file: config.file, "neither \"architecture\" (timm) nor \"model_type\" (transformers); no model configuration")
        }
    }
}

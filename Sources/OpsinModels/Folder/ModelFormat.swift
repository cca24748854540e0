/// Whose configuration a folder holds, and which architecture it names.
package enum ModelFormat: Hashable, Sendable {
    /// timm's `architecture`, without the tag behind a dot.
    case timm(architecture: String)
    /// transformers' `model_type`.
    case transformers(modelType: String)

    /// Reads the format from a `config.json`. `model_type` counts when there are both.
    package init(_ config: Config) throws(ModelError) {
        if let modelType = try config.string("model_type") {
            self = .transformers(modelType: modelType)
        } else if let architecture = try config.string("architecture") {
            self = .timm(architecture: String(architecture.prefix { $0 != "." }))
        } else {
            throw ModelError(.config, file: config.file, "neither \"architecture\" (timm) nor \"model_type\" (transformers); no model configuration")
        }
    }
}

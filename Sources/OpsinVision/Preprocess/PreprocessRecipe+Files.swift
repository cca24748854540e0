package import OpsinModels

extension PreprocessRecipe {
    /// From the files of a model: with a `preprocessor_config.json` as transformers does it, otherwise as timm does it from `config.json`; at another size where one is
    /// given.
    package init(config: JSON, preprocessor: JSON?, useTestSize: Bool = false, size: Size? = nil) throws(VisionError) {
        if let preprocessor {
            try self.init(transformers: preprocessor)
            if let size { self = sized(size) }
        } else if config["pretrained_cfg"]?.members != nil || config["architecture"] != nil {
            try self.init(timm: config, useTestSize: useTestSize, size: size)
        } else {
            throw VisionError(.recipe, "expected a preprocessor_config.json, or a config.json with \"pretrained_cfg\" or \"architecture\"; found neither")
        }
    }
}

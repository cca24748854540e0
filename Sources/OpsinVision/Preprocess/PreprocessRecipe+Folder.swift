package import OpsinModels

extension PreprocessRecipe {
    /// From the files of a model: with a `preprocessor_config.json` as transformers does it, otherwise as timm does it from `config.json`.
    package init(config: JSON, preprocessor: JSON?, useTestSize: Bool = false) throws(VisionError) {
        if let preprocessor {
            try self.init(transformers: preprocessor)
        } else if config["pretrained_cfg"]?.members != nil || config["architecture"] != nil {
            try self.init(timm: config, useTestSize: useTestSize)
        } else {
            throw VisionError(.recipe, "expected a preprocessor_config.json, or a config.json with \"pretrained_cfg\" or \"architecture\"; found neither")
        }
    }

    /// From the files in a model's folder. Errors name the file.
    package init(folder: String, useTestSize: Bool = false) throws(VisionError) {
        let path = folder + "/preprocessor_config.json"
        if File.exists(path) {
            let preprocessor = try PreprocessRecipe.json(path)
            do { try self.init(transformers: preprocessor) } catch { throw error.naming(path) }
        } else {
            let path = folder + "/config.json"
            let config = try PreprocessRecipe.json(path)
            do { try self.init(config: config, preprocessor: nil, useTestSize: useTestSize) } catch { throw error.naming(path) }
        }
    }

    private static func json(_ path: String) throws(VisionError) -> JSON {
        let bytes = try File.read(path)
        do { return try JSON(parsing: bytes.span) } catch { throw VisionError(.malformed, "\(error)", path: path) }
    }
}

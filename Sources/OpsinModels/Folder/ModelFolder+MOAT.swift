private import OpsinGraph

extension ModelFolder {
    /// The MOAT that the configuration describes.
    func moat(_ name: String) throws(ModelError) -> MOAT {
        let size = try timmInputSize(config.object("pretrained_cfg"))
        let classCount = try classCount(), options = try moatOptions()
        if let variant = try customVariant() { return MOAT(name: name, variant: variant, classCount: classCount, inputSize: size, options: options) }
        guard let network = MOAT(name: name, classCount: classCount, inputSize: size, options: options) else {
            throw ModelError(
                .unsupported, file: config.file, "architecture \(shown(name)) is not supported, expected \(MOAT.names.joined(separator: ", "))")
        }
        return network
    }

    /// Widths and depths that the configuration spells out, as deeplab2 names them; nil when it names a published member only.
    private func customVariant() throws(ModelError) -> MOAT.Variant? {
        guard let stem = try config.int("stem_size", in: 1...(1 << 16)) else { return nil }
        func four(_ key: String) throws(ModelError) -> [Int] {
            let numbers = config.value(key)?.array?.compactMap(\.int) ?? []
            guard numbers.count == 4, numbers.allSatisfy({ (1...(1 << 16)).contains($0) }) else {
                throw config.wrong(key, config.value(key) ?? .null, "four integers of 1 to 65536, one a stage")
            }
            return numbers
        }
        let blocks = try four("num_blocks")
        guard blocks.allSatisfy({ $0 <= 100 }) else { throw config.wrong("num_blocks", config.value("num_blocks") ?? .null, "at most 100 blocks a stage") }
        return MOAT.Variant(stem: stem, blocks: blocks, widths: try four("hidden_size"), inputSide: 224, isCentered: false)
    }

    /// The values that shape the layers, checked; what is missing is as deeplab2's classifiers have it.
    func moatOptions(poolSize: Int = 2) throws(ModelError) -> MOAT.Options {
        var options = MOAT.Options()
        options.poolSize = poolSize
        if let size = try config.int("pool_size", in: 1...64) { options.poolSize = size }
        if let flag = try config.bool("position_embedding") { options.hasPositionEmbedding = flag }
        options.lastBlockIsGlobal = try config.bool("global_attention_at_end_of_moat_stage") ?? false
        guard let value = config.value("window_size") else { return options }
        guard let stages = value.array, stages.count == 4 else { throw config.wrong("window_size", value, "four windows or nulls, one a stage") }
        for (stage, window) in stages.enumerated() where !window.isNull {
            let sides = window.array?.compactMap(\.int) ?? []
            guard sides.count == 2, sides.allSatisfy({ (1...4096).contains($0) }) else {
                throw config.wrong("window_size[\(stage)]", window, "null or [rows, columns] of 1 to 4096")
            }
            options.windows[stage] = MOAT.Window(height: sides[0], width: sides[1])
        }
        return options
    }
}

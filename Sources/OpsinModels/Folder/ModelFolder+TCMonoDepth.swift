extension ModelFolder {
    /// The TCMonoDepth that the configuration describes.
    func tcMonoDepth() throws(ModelError) -> TCMonoDepth {
        var options = TCMonoDepth.Options()
        if let channels = try config.int("num_channels", in: 1...1024), channels != 3 {
            throw ModelError(.unsupported, file: config.file, "num_channels is \(channels), only 3 is supported")
        }
        options.stemChannels = try even("stem_channels", config.int("stem_channels", in: 2...4096)) ?? options.stemChannels
        options.stageChannels = try list("stage_channels", in: 2...4096) ?? options.stageChannels
        options.stageDepths = try list("stage_depths", in: 1...100) ?? options.stageDepths
        for (channels, last) in zip(options.stageChannels, [options.stemChannels] + options.stageChannels) {
            guard channels % 4 == 0, channels > last else {
                throw ModelError(
                    .unsupported, file: config.file,
                    "stage_channels holds \(channels) after \(last), expected growing multiples of 4: half of them pass a block by")
            }
        }
        if let kernel = try config.int("kernel_size", in: 1...31) {
            guard kernel % 2 == 1 else { throw config.wrong("kernel_size", .integer(kernel), "an odd number") }
            options.kernel = kernel
        }
        options.epsilon = try config.double("batch_norm_eps", in: 0...1) ?? options.epsilon
        if let scales = try list("decoder_scales", in: 1...64), scales != TCMonoDepth.decoderScales {
            throw ModelError(.unsupported, file: config.file, "decoder_scales is \(scales), only \(TCMonoDepth.decoderScales) is supported")
        }
        if let kind = try config.string("depth_estimation_type"), kind != "relative" {
            throw ModelError(.unsupported, file: config.file, "depth_estimation_type is \"\(shown(kind, limit: 30))\", TCMonoDepth's is \"relative\"")
        }
        return TCMonoDepth(options: options)
    }

    /// `number`, which must be even.
    private func even(_ key: String, _ number: Int?) throws(ModelError) -> Int? {
        if let number, number % 2 == 1 { throw config.wrong(key, .integer(number), "an even number") }
        return number
    }

    /// Three integers, one a stage or decoder; nil when the configuration does not name them.
    private func list(_ key: String, in range: ClosedRange<Int>) throws(ModelError) -> [Int]? {
        guard let value = config.value(key) else { return nil }
        let numbers = value.array?.compactMap(\.int) ?? []
        guard numbers.count == 3, value.array?.count == 3, numbers.allSatisfy(range.contains) else {
            throw config.wrong(key, value, "three integers of \(range.lowerBound) to \(range.upperBound)")
        }
        return numbers
    }
}

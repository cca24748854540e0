package import OpsinGraph

/// DEIMv2 (arXiv 2509.20787) with an HGNetV2 backbone: a detector that refines the distances of its boxes' sides as distributions, under transformers' names.
///
/// transformers 5.23 computes another network than upstream trained; `Options` has both ways (design/DEIMV2.md, section 1).
package struct DEIMv2: Architecture {
    /// What the configuration says; the values are checked.
    package struct Options: Sendable {
        package var backbone: HGNetV2
        /// The small encoder of two levels; false: the hybrid one with attention.
        package var hasLiteEncoder = false
        /// Channels of the backbone's maps that go on.
        package var encoderInputs = [512, 1024, 2048]
        package var encoderWidth = 256
        package var encoderLayers = 1
        package var encoderFeedForward = 1024
        package var encoderHeads = 8
        /// Which maps the encoder's attention sees.
        package var encodedMaps = [2]
        package var encoderActivation = ActivationFunction.gelu
        package var normalizesFirst = false
        package var layerNormEpsilon: Float = 1e-5
        package var positionTemperature = 10_000.0
        package var hasEncoderPositions = true
        /// Of the encoder's convolutions.
        package var activation = ActivationFunction.silu
        package var batchNormEpsilon = 1e-5
        package var hiddenExpansion = 1.0
        package var depthFactor = 1.0
        package var hasTrailingConvolution = true

        package var width = 256
        package var queries = 300
        package var decoderInputs = [256, 256, 256]
        package var decoderFeedForward = 1024
        package var decoderHeads = 8
        package var decoderActivation = ActivationFunction.relu
        /// Points of each level.
        package var points = [4, 4, 4]
        /// Layers up to the one whose answer counts.
        package var layers = 6
        /// Layers that the file holds at most.
        package var storedLayers = 6
        package var sharesBoxHead = false
        package var hasGates = true
        /// Queries are learnt, not taken from the encoder's tokens.
        package var learnsQueries = false
        package var bins = 32
        package var boundFactor = 0.5
        package var boxScale = 4.0
        package var topProbabilities = 4
        package var qualityWidth = 64
        package var qualityLayers = 2
        package var rmsNormEpsilon: Float = 1e-6
        /// Tokens go through a linear layer and a norm before the query selection: transformers' way, not upstream's.
        package var projectsTokens = true
        /// Of the heads: ReLU in transformers, SiLU upstream.
        package var headActivation = ActivationFunction.relu
        /// The queries' positions are computed from each layer's boxes (transformers) or once (upstream).
        package var positionsPerLayer = true

        package init(backbone: HGNetV2) { self.backbone = backbone }
    }

    package let name = "deimv2"
    package let task = ModelTask.detect
    /// That of upstream's demo.
    package let objectThreshold: Float? = 0.4
    package let inputSize: InputSize
    package let classCount: Int
    package let options: Options

    package init(options: Options, classCount: Int, inputSize: InputSize) { (self.options, self.classCount, self.inputSize) = (options, classCount, inputSize) }

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        // Maps are halved five times, and doubled on their way back they must meet.
        guard x.shape.h % 32 == 0, x.shape.w % 32 == 0 else {
            throw ModelError(.input, "\(name): an input of \(x.shape.h)x\(x.shape.w), expected multiples of 32")
        }
        var maps = try options.backbone.build(&network, "model.conv_encoder.model.", x)
        guard maps.map(\.shape.c) == options.encoderInputs else {
            throw ModelError(.config, "\(name): the backbone gives maps of \(maps.map(\.shape.c)) channels, encoder_in_channels says \(options.encoderInputs)")
        }
        let encoder = DEIMv2Encoder(options: options)
        maps = options.hasLiteEncoder ? try encoder.lite(&network, maps) : try encoder.hybrid(&network, maps)
        maps = try decoderInputs(&network, maps)
        try DEIMv2Decoder(options: options, classCount: classCount).build(&network, maps)
    }

    /// One map a level of the decoder, all of its width.
    private func decoderInputs(_ network: inout NetworkBuilder, _ maps: [Value]) throws(ModelError) -> [Value] {
        guard maps.count == options.points.count else {
            throw ModelError(.unsupported, "\(name): \(options.points.count) levels from \(maps.count) maps of the encoder, expected as many")
        }
        guard options.decoderInputs.last != options.width else { return maps }
        var projected: [Value] = []
        for (index, map) in maps.enumerated() {
            let path = "model.decoder_input_proj.\(index)"
            let y = try network.conv(path + ".conv", map, outputs: options.width)
            projected.append(try network.batchNorm(path + ".norm", y, epsilon: options.batchNormEpsilon))
        }
        return projected
    }
}

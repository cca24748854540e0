package import OpsinGraph

/// TCMonoDepth's small network (yu-li/TCMonoDepth, `TCSmallNet`): a ShuffleNetV2 without its max pool, and a decoder that can be detached at each scale.
///
/// Its numbers are relative inverse depth: larger is nearer. Three heads read the decoder's maps at 1/2, 1/4 and 1/8 of the input's sides; a session that
/// asks for a coarse one runs neither the finer decoders nor their skips.
package struct TCMonoDepth: Architecture {
    /// What a configuration says, with the published network's values.
    package struct Options: Hashable, Sendable {
        /// Channels of the first convolution.
        package var stemChannels = 24
        /// Channels of the stages; multiples of 4 that grow.
        package var stageChannels = [48, 96, 192]
        /// Blocks of the stages.
        package var stageDepths = [4, 8, 4]
        /// Side of the depthwise kernels; odd.
        package var kernel = 3
        /// Of all batch norms.
        package var epsilon = 1e-5

        package init() {}
    }

    /// Sides of the input over sides of the decoders' maps, the finest first.
    package static let decoderScales = [2, 4, 8]

    package let name = "tcmonodepth_small"
    package let task = ModelTask.depth
    package let inputSize = InputSize(height: 256, width: 256)
    package let classCount = 0
    /// The finest head answers at the input's own scale, as upstream's does.
    package let depthScales = [1, 4, 8]
    package let options: Options

    package init(options: Options = Options()) { self.options = options }

    package func build(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) {
        var features = [try stem(&network, x)]
        var index = 0
        for stage in options.stageChannels.indices {
            var y = try firstBlock(&network, "encoder.features.\(index)", features[stage], outputs: options.stageChannels[stage])
            for _ in 1..<options.stageDepths[stage] {
                index += 1
                y = try block(&network, "encoder.features.\(index)", y)
            }
            index += 1
            features.append(network.endpoint("stage_\(stage + 2)", y))
        }
        // From the coarsest decoder to the finest that is asked for; each head reads its decoder's map.
        let finest = depthScales.firstIndex(of: network.options.depthScale) ?? 0
        var y = features[features.count - 1]
        for level in Self.decoderScales.indices.reversed() where level >= finest {
            y = try decoder(&network, "decoder.decoder\(level + 1)", y, skip: features[level])
            y = network.endpoint("decoder_\(level + 1)", y)
            let map = try head(&network, ["decoder.final", "decoder.final2.0", "decoder.final3.0"][level], y, size: x.shape)
            if level > 0 { network.graph.endpoint("predicted_depth_\(depthScales[level])", map, layout: .nhw) }
            if level == finest { network.graph.output("predicted_depth", map, layout: .nhw) }
        }
    }

    private func stem(_ network: inout NetworkBuilder, _ x: Value) throws(ModelError) -> Value {
        let y = try network.conv("encoder.first_conv.0", x, outputs: options.stemChannels, kernel: 3, stride: 2, padding: .symmetric(kernel: 3))
        return network.endpoint("stage_1", try normReLU(&network, "encoder.first_conv.1", y))
    }

    /// A stage's first block, which strides: both branches read the whole map, the projection's channels come first.
    private func firstBlock(_ network: inout NetworkBuilder, _ path: String, _ x: Value, outputs: Int) throws(ModelError) -> Value {
        let padding = Padding.symmetric(kernel: options.kernel)
        var projected = try network.depthwise("\(path).branch_proj.0", x, kernel: options.kernel, stride: 2, padding: padding)
        projected = try network.batchNorm("\(path).branch_proj.1", projected, epsilon: options.epsilon)
        projected = try network.conv("\(path).branch_proj.2", projected, outputs: x.shape.c)
        projected = try normReLU(&network, "\(path).branch_proj.3", projected)
        let main = try main(&network, path, x, inner: outputs / 2, stride: 2, outputs: outputs - x.shape.c)
        return try network.concat("\(path).concat", [projected, main])
    }

    /// Another block: the even channels pass it by, the odd ones are computed anew and come last. That is ShuffleNet's channel shuffle.
    private func block(_ network: inout NetworkBuilder, _ path: String, _ x: Value) throws(ModelError) -> Value {
        let half = x.shape.c / 2
        let even = try network.channels("\(path).even", x, start: 0, count: half, step: 2)
        let odd = try network.channels("\(path).odd", x, start: 1, count: half, step: 2)
        return try network.concat("\(path).concat", [even, main(&network, path, odd, inner: half, stride: 1, outputs: half)])
    }

    private func main(
        _ network: inout NetworkBuilder, _ path: String, _ x: Value, inner: Int, stride: Int, outputs: Int
    ) throws(ModelError) -> Value {
        let path = "\(path).branch_main"
        var y = try normReLU(&network, "\(path).1", network.conv("\(path).0", x, outputs: inner))
        y = try network.depthwise("\(path).3", y, kernel: options.kernel, stride: stride, padding: .symmetric(kernel: options.kernel))
        y = try network.batchNorm("\(path).4", y, epsilon: options.epsilon)
        y = try network.conv("\(path).5", y, outputs: outputs)
        return try normReLU(&network, "\(path).6", y)
    }

    /// The coarser map `x` at the skip's size, beside the skip, through a depthwise separable convolution to as many channels as `skip` has.
    private func decoder(_ network: inout NetworkBuilder, _ path: String, _ x: Value, skip: Value) throws(ModelError) -> Value {
        var side = try network.conv("\(path).skip_conv.0", skip, outputs: max(x.shape.c / 4, 1))
        side = try normReLU(&network, "\(path).skip_conv.1", side)
        let up = try network.resize(
            "\(path).up", x, height: skip.shape.h, width: skip.shape.w, method: .bilinear, coordinates: .halfPixel)
        var y = try network.concat("\(path).concat", [up, side])
        y = try network.depthwise("\(path).last_conv.0.conv.0", y, kernel: options.kernel, padding: .symmetric(kernel: options.kernel))
        y = try normReLU(&network, "\(path).last_conv.0.conv.1", y)
        y = try network.conv("\(path).last_conv.0.conv.3", y, outputs: skip.shape.c)
        return try normReLU(&network, "\(path).last_conv.1", y)
    }

    /// One number a pixel of the decoder's map, none below 0, at the input's size.
    private func head(_ network: inout NetworkBuilder, _ path: String, _ x: Value, size: Shape) throws(ModelError) -> Value {
        var y = try network.conv(path, x, outputs: 1, kernel: 3, padding: .symmetric(kernel: 3), bias: true)
        y = try network.activation("\(path).relu", y, .relu)
        return try network.resize("\(path).up", y, height: size.h, width: size.w, method: .bilinear, coordinates: .halfPixel)
    }

    private func normReLU(_ network: inout NetworkBuilder, _ name: String, _ x: Value) throws(ModelError) -> Value {
        try network.activation("\(name).relu", network.batchNorm(name, x, epsilon: options.epsilon), .relu)
    }
}

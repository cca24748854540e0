internal import ArgumentParser
internal import Opsin

/// What `opsin bench --op` takes.
struct OpOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Measure one op on random data: conv2d, depthwise_conv2d, linear, attention, matmul, softmax ...", valueName: "name"))
    var op: String?

    @Option(help: ArgumentHelp("The input.", valueName: "N,H,W,C"))
    var shape: String?

    @Option(parsing: .unconditional, help: "Side of the window.")
    var kernel = 3

    @Option(parsing: .unconditional, help: "Step of the window.")
    var stride = 1

    @Option(parsing: .unconditional, help: "Distance of the window's taps.")
    var dilation = 1

    @Option(parsing: .unconditional, help: "Zeros on each side; by default the size stays at stride 1.")
    var padding: Int?

    @Option(parsing: .unconditional, help: "Channels of conv2d's and linear's output, columns of matmul; by default the input's.")
    var outChannels: Int?

    @Option(parsing: .unconditional, help: "Heads of attention; by default one for 32 channels.")
    var heads: Int?

    @Option(parsing: .unconditional, help: "Heads of attention's keys and values; by default as many.")
    var keyValueHeads: Int?

    @Option(parsing: .unconditional, help: "Maps of multi_scale_deformable_attention, from --shape on by halves.")
    var levels = 4

    @Option(parsing: .unconditional, help: "Points of a head on each of them.")
    var points = 4

    @Option(parsing: .unconditional, help: "Groups of group_norm.")
    var groups: Int?

    @Option(help: "Of activation: relu, relu6, leaky_relu, gelu, silu, sigmoid, hard_swish, hard_sigmoid, tanh.")
    var function = "relu"

    @Option(parsing: .unconditional, help: "Factor of resize (2). Of a depth model: which head, 1, 4 or 8; finer decoders are then not planned.")
    var scale: Int?

    @Option(help: "Of resize: nearest, bilinear, bicubic.")
    var method = "bilinear"
}

extension OpOptions {
    /// The op that was asked for; nil without --op.
    func request() throws(OpsinError) -> OpRequest? {
        guard let op else {
            guard shape == nil else { throw OpsinError(.argument, "--shape needs --op") }
            return nil
        }
        let sides = (shape ?? "").split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 4, !sides.contains(nil) else { throw OpsinError(.argument, "--shape is \"\((shape ?? "").prefix(40))\", expected N,H,W,C") }
        var request = OpRequest(name: op, shape: sides.compactMap { $0 })
        (request.kernel, request.stride, request.dilation, request.padding) = (kernel, stride, dilation, padding)
        (request.outChannels, request.heads, request.keyValueHeads, request.groups) = (outChannels, heads, keyValueHeads, groups)
        (request.levels, request.points) = (levels, points)
        (request.function, request.scale, request.method) = (function, scale ?? 2, method)
        return request
    }
}

private import OpsinGraph

extension MobileNetV4 {
    /// The blocks that timm builds under `name`, and the factor on all widths.
    static func variant(_ name: String) -> (Variant, multiplier: Double)? {
        switch name {
        case "mobilenetv4_conv_small": (convSmall, 1)
        case "mobilenetv4_conv_small_050": (convSmall, 0.5)
        case "mobilenetv4_conv_small_035": (convSmall, 0.35)
        case "mobilenetv4_conv_medium": (convMedium, 1)
        case "mobilenetv4_conv_large": (convLarge, 1)
        case "mobilenetv4_hybrid_medium": (hybridMedium, 1)
        case "mobilenetv4_hybrid_large": (hybridLarge, 1)
        default: nil
        }
    }

    /// All names that `init` takes.
    package static let names = [
        "mobilenetv4_conv_small", "mobilenetv4_conv_small_050", "mobilenetv4_conv_small_035", "mobilenetv4_conv_medium", "mobilenetv4_conv_large",
        "mobilenetv4_hybrid_medium", "mobilenetv4_hybrid_large",
    ]

    private static let convSmall = Variant(
        stem: 32,
        stages: [
            [conv(3, stride: 2, 32), conv(1, 32)],
            [conv(3, stride: 2, 96), conv(1, 64)],
            [block(5, 5, stride: 2, 3, 96)] + times(4, block(0, 3, 2, 96)) + [block(3, 0, 4, 96)],
            [block(3, 3, stride: 2, 6, 128), block(5, 5, 4, 128), block(0, 5, 4, 128), block(0, 5, 3, 128)] + times(2, block(0, 3, 4, 128)),
            [conv(1, 960)],
        ],
        activation: .relu, hasLayerScale: false, inputSide: 224)

    private static let convMedium = Variant(
        stem: 32,
        stages: [
            [fused(48)],
            [block(3, 5, stride: 2, 4, 80), block(3, 3, 2, 80)],
            [
                block(3, 5, stride: 2, 6, 160), block(3, 3, 4, 160), block(3, 3, 4, 160), block(3, 5, 4, 160), block(3, 3, 4, 160), block(3, 0, 4, 160),
                block(0, 0, 2, 160), block(3, 0, 4, 160),
            ],
            [
                block(5, 5, stride: 2, 6, 256), block(5, 5, 4, 256), block(3, 5, 4, 256), block(3, 5, 4, 256), block(0, 0, 4, 256), block(3, 0, 4, 256),
                block(3, 5, 2, 256), block(5, 5, 4, 256), block(0, 0, 4, 256), block(0, 0, 4, 256), block(5, 0, 2, 256),
            ],
            [conv(1, 960)],
        ],
        activation: .relu, hasLayerScale: false, inputSide: 256)

    private static let convLarge = Variant(
        stem: 24,
        stages: [
            [fused(48)],
            [block(3, 5, stride: 2, 4, 96), block(3, 3, 4, 96)],
            [block(3, 5, stride: 2, 4, 192)] + times(3, block(3, 3, 4, 192)) + [block(3, 5, 4, 192)] + times(5, block(5, 3, 4, 192)) + [block(3, 0, 4, 192)],
            largeStage3Start + times(3, block(5, 0, 4, 512)),
            [conv(1, 960)],
        ],
        activation: .relu, hasLayerScale: false, inputSide: 384)

    private static let hybridMedium = Variant(
        stem: 32,
        stages: [
            [fused(48)],
            [block(3, 5, stride: 2, 4, 80), block(3, 3, 2, 80)],
            [
                block(3, 5, stride: 2, 6, 160), block(0, 0, 2, 160), block(3, 3, 4, 160), block(3, 5, 4, 160), attention(4, 64, stride: 2), block(3, 3, 4, 160),
                attention(4, 64, stride: 2), block(3, 0, 4, 160), attention(4, 64, stride: 2), block(3, 3, 4, 160), attention(4, 64, stride: 2),
                block(3, 0, 4, 160),
            ],
            [
                block(5, 5, stride: 2, 6, 256), block(5, 5, 4, 256), block(3, 5, 4, 256), block(3, 5, 4, 256), block(0, 0, 2, 256), block(3, 5, 2, 256),
                block(0, 0, 2, 256), block(0, 0, 4, 256), attention(4, 64), block(3, 0, 4, 256), attention(4, 64), block(5, 5, 4, 256), attention(4, 64),
                block(5, 0, 4, 256), attention(4, 64), block(5, 0, 4, 256),
            ],
            [conv(1, 960)],
        ],
        activation: .relu, hasLayerScale: true, inputSide: 256)

    private static let hybridLarge = Variant(
        stem: 24,
        stages: [
            [fused(48)],
            [block(3, 5, stride: 2, 4, 96), block(3, 3, 4, 96)],
            [block(3, 5, stride: 2, 4, 192)] + times(3, block(3, 3, 4, 192)) + [block(3, 5, 4, 192)] + times(2, block(5, 3, 4, 192))
                + times(3, attention(8, 48, stride: 2), block(5, 3, 4, 192)) + [attention(8, 48, stride: 2), block(3, 0, 4, 192)],
            largeStage3Start + times(4, attention(8, 64), block(5, 0, 4, 512)),
            [conv(1, 960)],
        ],
        activation: .gelu, hasLayerScale: true, inputSide: 384)

    /// What the last stages of both large variants begin with.
    private static let largeStage3Start: [Block] =
        [block(5, 5, stride: 2, 4, 512)] + times(3, block(5, 5, 4, 512)) + [block(5, 0, 4, 512), block(5, 3, 4, 512)] + times(2, block(5, 0, 4, 512))
        + [block(5, 3, 4, 512), block(5, 5, 4, 512)]

    private static func conv(_ kernel: Int, stride: Int = 1, _ channels: Int) -> Block { .conv(kernel: kernel, stride: stride, channels: channels) }

    private static func fused(_ channels: Int) -> Block { .fused(stride: 2, expansion: 4, channels: channels) }

    /// Kernels of the first and of the middle depthwise layer, stride, expansion, channels.
    private static func block(_ start: Int, _ middle: Int, stride: Int = 1, _ expansion: Int, _ channels: Int) -> Block {
        .inverted(start: start, middle: middle, stride: stride, expansion: expansion, channels: channels)
    }

    private static func attention(_ heads: Int, _ headSize: Int, stride: Int = 1) -> Block {
        .attention(heads: heads, headSize: headSize, keyValueStride: stride)
    }

    private static func times(_ count: Int, _ blocks: Block...) -> [Block] { (0..<count).flatMap { _ in blocks } }
}
